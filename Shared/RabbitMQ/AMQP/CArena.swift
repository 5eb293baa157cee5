import CRabbitMQ

/// Memory for the arguments of one call into librabbitmq: strings and tables are copied here, the call is made, and
/// `reset` makes the memory free for the next. Confined to the thread that owns the connection.
final class CArena {
    private static let chunkBytes = 16_384
    private var chunks: [UnsafeMutableRawBufferPointer] = []
    private var used = 0

    deinit { for chunk in chunks { chunk.deallocate() } }

    /// Makes everything handed out invalid; keeps the first chunk for the next call.
    func reset() {
        while chunks.count > 1 { chunks.removeLast().deallocate() }
        used = 0
    }

    /// Uninitialised memory for `count` values, aligned for any of them; not deinitialised, so for trivial types only.
    func allocate<T>(_ type: T.Type, count: Int) -> UnsafeMutablePointer<T> {
        raw(MemoryLayout<T>.stride * max(1, count)).bindMemory(to: type, capacity: max(1, count))
    }

    func bytes(_ text: String) -> amqp_bytes_t {
        var text = text
        return text.withUTF8 { copy(UnsafeRawBufferPointer($0)) }
    }

    func bytes(_ bytes: [UInt8]) -> amqp_bytes_t { bytes.withUnsafeBytes { copy($0) } }

    private func copy(_ source: UnsafeRawBufferPointer) -> amqp_bytes_t {
        guard let base = source.baseAddress, source.count > 0 else { return amqp_bytes_t(len: 0, bytes: nil) }
        let target = raw(source.count)
        target.copyMemory(from: base, byteCount: source.count)
        return amqp_bytes_t(len: source.count, bytes: target)
    }

    private func raw(_ byteCount: Int) -> UnsafeMutableRawPointer {
        let needed = (byteCount + 15) & ~15
        if chunks.isEmpty || used + needed > (chunks.last?.count ?? 0) {
            chunks.append(.allocate(byteCount: max(Self.chunkBytes, needed), alignment: 16))
            used = 0
        }
        guard let base = chunks.last?.baseAddress else { preconditionFailure("a chunk of the arena has no memory") }
        let pointer = base + used
        used += needed
        return pointer
    }
}
