import Glibc
import NIOConcurrencyHelpers

/// Where log lines go. Each line is written whole, so lines of several threads never mix.
public final class LogSink: Sendable {
    private let write: @Sendable ([UInt8]) -> Void

    /// Makes a sink of a closure that takes one line, newline included. It may be called by several threads at once.
    public init(_ write: @escaping @Sendable ([UInt8]) -> Void) {
        self.write = write
    }

    /// Hands over one line, newline included.
    func line(_ bytes: [UInt8]) {
        write(bytes)
    }

    /// The process's standard output, unbuffered.
    public static let standardOutput = LogSink.descriptor(1)

    /// A file descriptor. Writing is tried until the line is out; a descriptor that fails loses its lines, not the service.
    public static func descriptor(_ descriptor: Int32) -> LogSink {
        let lock = NIOLock()
        return LogSink { bytes in
            lock.withLock {
                bytes.withUnsafeBytes { buffer in
                    var rest = buffer[...]
                    while !rest.isEmpty {
                        let count = Glibc.write(
                            descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                        if count > 0 {
                            rest = rest.dropFirst(count)
                        } else if count == 0 || errno != EINTR {
                            return
                        }
                    }
                }
            }
        }
    }
}
