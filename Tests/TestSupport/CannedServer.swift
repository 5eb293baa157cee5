import NIOCore
public import NIOHTTP1
import NIOPosix

/// An HTTP server on a free port of this machine that answers as a test says.
public final class CannedServer: Sendable {
    /// An answer; none at all leaves the client waiting.
    public struct Answer: Sendable {
        var status: HTTPResponseStatus
        var headers: [(String, String)]
        var body: String

        /// Makes an answer; 200 without a body unless said otherwise.
        public init(status: HTTPResponseStatus = .ok, headers: [(String, String)] = [], body: String = "") {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup

    /// Where the server is, such as `http://127.0.0.1:40123`.
    public let url: String

    /// Starts a server.
    ///
    /// - Parameter answer: makes the answer to a request, of its head and its body.
    public init(_ answer: @escaping @Sendable (HTTPRequestHead, [UInt8]) -> Answer?) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.channel = channel
        self.group = group
        url = "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"
    }

    /// Takes no further connection.
    public func stop() async throws {
        try await channel.close()
        try await group.shutdownGracefully()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let answer: @Sendable (HTTPRequestHead, [UInt8]) -> Answer?
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(answer: @escaping @Sendable (HTTPRequestHead, [UInt8]) -> Answer?) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = []
            case .body(let part): body.append(contentsOf: part.readableBytesView)
            case .end:
                guard let head, let answer = answer(head, body) else { return }
                var headers = HTTPHeaders(answer.headers)
                headers.add(name: "Content-Length", value: String(answer.body.utf8.count))
                let response = HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers)
                context.write(wrapOutboundOut(.head(response)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
