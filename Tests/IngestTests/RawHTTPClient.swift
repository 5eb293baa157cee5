import NIOCore
import NIOPosix

/// A request, byte for byte as a test wants it.
struct RawRequest: Sendable {
    var method = "POST"
    var path: String
    var version = "HTTP/1.1"
    var headers: [(String, String)] = []
    var body: [UInt8] = []
    /// Sent instead of everything else.
    var verbatim: [UInt8]?
    /// Whether Content-Length is added.
    var announcesLength = true

    var bytes: [UInt8] {
        if let verbatim { return verbatim }
        var bytes = Array("\(method) \(path) \(version)\r\n".utf8)
        var all = [("Host", "hooks.example")] + headers
        if announcesLength { all.append(("Content-Length", "\(body.count)")) }
        for (name, value) in all { bytes += Array("\(name): \(value)\r\n".utf8) }
        return bytes + Array("\r\n".utf8) + body
    }
}

/// A response as it came.
struct RawResponse: Sendable {
    let status: Int
    let headers: [String: String]
    let body: String
    /// Whether the server closed the connection after it.
    let isClosed: Bool
}

/// Sends raw requests over connections of their own.
struct RawHTTPClient: Sendable {
    struct NoResponse: Error {}

    let port: Int

    /// Sends one request and reads its response; an interim 100 is skipped.
    ///
    /// - Parameter untilClosed: whether to read on until the server closes.
    func send(_ request: RawRequest, untilClosed: Bool = false) async throws -> RawResponse {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let bytes = request.bytes
        return try await channel.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup(of: RawResponse?.self) { group in
                group.addTask {
                    // The server may answer, and close, before it has read everything.
                    try? await outbound.write(ByteBuffer(bytes: bytes))
                    return nil
                }
                group.addTask { try await Self.read(inbound, untilClosed: untilClosed) }
                while let result = try await group.next() {
                    if let response = result {
                        group.cancelAll()
                        return response
                    }
                }
                throw NoResponse()
            }
        }
    }

    private static func read(
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, untilClosed: Bool
    ) async throws -> RawResponse {
        var received: [UInt8] = []
        do {
            for try await part in inbound {
                received += Array(part.readableBytesView)
                if !untilClosed, let response = parse(received, isClosed: false) { return response }
            }
        } catch {
            if received.isEmpty { throw error }
        }
        guard let response = parse(received, isClosed: true) else { throw NoResponse() }
        return response
    }

    static func parse(_ received: [UInt8], isClosed: Bool) -> RawResponse? {
        let text = String(decoding: received, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        let body = String(text[end.upperBound...])
        if status == 100 { return parse(Array(body.utf8), isClosed: isClosed) }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        if !isClosed, let length = headers["content-length"].flatMap({ Int($0) }), body.utf8.count < length {
            return nil
        }
        return RawResponse(status: status, headers: headers, body: body, isClosed: isClosed)
    }
}
