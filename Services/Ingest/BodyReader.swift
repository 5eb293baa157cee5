import Crypto
import HTTPTypes
import Hummingbird
import NIOCore

/// Reads requests' bodies, keeping no more of each than is needed and no more of all than the budget allows.
struct BodyReader: Sendable {
    /// The budget has no room for this body now.
    struct OutOfBudget: Error {}

    /// What a body takes from the budget at a time.
    private static let step = 65_536

    let limitBytes: Int
    let budget: BodyBudget

    /// Reads a body and hands it over; its share of the budget is given back when `use` returns.
    ///
    /// One that announces more than the limit is not read at all; of one that turns out to be larger, reading stops there.
    ///
    /// - Parameters:
    ///   - request: whose body is read.
    ///   - keepsAll: whether the body is kept whole; else only its beginning, and a hash of all of it.
    ///   - use: what is done with it.
    /// - Throws: ``OutOfBudget``, and what reading throws.
    func withBody<Result>(
        of request: Request, keepsAll: Bool, _ use: (ReceivedBody) async throws -> Result
    ) async throws -> Result {
        var reserved = 0
        defer { if reserved > 0 { budget.release(reserved) } }
        var body = ReceivedBody()
        let announced = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        if announced > limitBytes {
            body.isTooLarge = true
            body.count = announced
            return try await use(body)
        }
        let kept = keepsAll ? limitBytes : ReceivedBody.keptOfRejects
        var hash = SHA256()
        body.bytes.reserveCapacity(min(announced, kept, Self.step))
        for try await part in request.body {
            body.count += part.readableBytes
            let room = min(part.readableBytes, max(0, kept - body.bytes.count))
            while body.bytes.count + room > reserved {
                guard budget.reserve(Self.step) else { throw OutOfBudget() }
                reserved += Self.step
            }
            if room > 0 { body.bytes.append(contentsOf: part.readableBytesView.prefix(room)) }
            if !keepsAll { part.withUnsafeReadableBytes { hash.update(bufferPointer: $0) } }
            if body.count > limitBytes {
                body.isTooLarge = true
                break
            }
        }
        if !keepsAll { body.digest = Array(hash.finalize()) }
        return try await use(body)
    }
}
