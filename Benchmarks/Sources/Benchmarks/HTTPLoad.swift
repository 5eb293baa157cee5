import CRawLoops

/// Requests kept as bytes for the client in C, and what it measured.
final class HTTPLoad: Sendable {
    /// What came of some seconds of load.
    struct Outcome: Sendable {
        var rate: Double
        var latencies: Latencies
    }

    // The buffers are made here, never written again, and freed with the last reference.
    private struct Buffers: @unchecked Sendable {
        let requests: UnsafeMutableBufferPointer<raw_request>
    }

    private let buffers: Buffers

    init(_ requests: [[UInt8]]) {
        let kept = UnsafeMutableBufferPointer<raw_request>.allocate(capacity: requests.count)
        for (index, request) in requests.enumerated() {
            let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: request.count)
            bytes.withMemoryRebound(to: UInt8.self, capacity: request.count) { target in
                request.withUnsafeBufferPointer { source in
                    if let base = source.baseAddress { target.update(from: base, count: request.count) }
                }
            }
            kept[index] = raw_request(bytes: bytes, length: request.count)
        }
        buffers = Buffers(requests: kept)
    }

    deinit {
        for request in buffers.requests { request.bytes?.deallocate() }
        buffers.requests.deallocate()
    }

    /// How many requests there are.
    var count: Int { buffers.requests.count }

    /// Sends them over kept-alive connections, each one at a time, and goes round.
    /// - Throws: if a connection broke or anything but 200 was answered.
    func run(
        _ bench: Bench, port: Int, connections: Int = 64, seconds: Double, first: Int = 0
    ) async throws -> Outcome {
        let result = await bench.onThread { [self] () -> (raw_http_result, [UInt32]) in
            var result = raw_http_result()
            let latencies = [UInt32](unsafeUninitializedCapacity: Int(seconds * 100_000)) { buffer, count in
                raw_http_load(
                    "127.0.0.1", Int32(port), buffers.requests.baseAddress, buffers.requests.count, first,
                    Int32(connections), seconds, buffer.baseAddress, buffer.count, &result)
                count = result.latencies
            }
            return (result, latencies)
        }
        let error = withUnsafeBytes(of: result.0.error) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if !error.isEmpty { throw BenchError("the HTTP client: \(error)") }
        guard result.0.not_200 == 0 else { throw BenchError("\(result.0.not_200) answers were not 200") }
        var latencies = Latencies()
        latencies.add(result.1)
        return Outcome(rate: Double(result.0.answered) / result.0.seconds, latencies: latencies)
    }
}
