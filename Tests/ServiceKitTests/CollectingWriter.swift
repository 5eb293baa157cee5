import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers

/// Keeps what a response's body writes.
final class CollectingWriter: ResponseBodyWriter {
    private let bytes = NIOLockedValueBox<[UInt8]>([])

    var text: String { bytes.withLockedValue { String(decoding: $0, as: UTF8.self) } }

    func write(_ buffer: ByteBuffer) async throws {
        bytes.withLockedValue { $0.append(contentsOf: buffer.readableBytesView) }
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
