import AsyncHTTPClient
import JSON
import NIOCore
import NIOHTTP1

/// Talks JSON to a simulator's control API, or asks a service whether it is ready.
struct ControlClient: Sendable {
    let client: HTTPClient
    /// Without a trailing slash.
    let base: String

    /// The answer to a request.
    /// - Throws: `PlayError` for any status but 2xx, quoting the answer.
    @discardableResult
    func send(_ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body.encoded())
        }
        let (status, bytes) = try await execute(request)
        guard (200..<300).contains(status) else {
            let text = String(decoding: bytes.prefix(300), as: UTF8.self)
            throw PlayError("\(method.rawValue) \(base)\(path) answered \(status): \(text)")
        }
        guard !bytes.isEmpty else { return .null }
        return try JSONValue(parsing: bytes, limits: JSONLimits(depth: 64, bytes: 512 << 20, values: 1 << 28))
    }

    private func execute(_ request: HTTPClientRequest) async throws -> (status: Int, bytes: [UInt8]) {
        do {
            let response = try await client.execute(request, timeout: .seconds(60))
            let bytes = Array(buffer: try await response.body.collect(upTo: 512 << 20))
            return (Int(response.status.code), bytes)
        } catch let error where !(error is CancellationError) {
            throw PlayError("\(request.method.rawValue) \(request.url) failed: \(error)")
        }
    }

    /// Whether a GET is answered with 200 now.
    func isReady(_ path: String) async -> Bool {
        guard let response = try? await client.execute(HTTPClientRequest(url: base + path), timeout: .seconds(2))
        else { return false }
        _ = try? await response.body.collect(upTo: 8 << 20)
        return response.status.code == 200
    }
}
