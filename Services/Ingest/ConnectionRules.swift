import NIOCore
import NIOHTTP1

/// What ingest does about HTTP itself, on every connection:
///
/// - a client that speaks HTTP/1.0, or asks for it, has its connection closed after the response (WordPress reads until then);
/// - `Expect: 100-continue` is answered, so that senders of large bodies do not wait;
/// - a request answered before its body has come is drained up to a bound, so that the sender gets to read the answer, and
///   then cut off;
/// - a request that does not arrive within a time is cut off.
final class ConnectionRules: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    struct Limits: Sendable {
        /// The most bytes of one request's body that are taken from the connection.
        var drainBytes: Int
        /// A larger announced body is not asked for.
        var bodyLimitBytes: Int
        /// How long a request may take to arrive.
        var requestTimeout: TimeAmount = .seconds(60)
    }

    private let limits: Limits
    private var closesAfterResponse = false
    private var isRequestComplete = true
    private var bodyBytes = 0
    private var timeout: Scheduled<Void>?

    init(limits: Limits) {
        self.limits = limits
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timeout?.cancel()
        timeout = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        timeout?.cancel()
        timeout = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            began(head, context)
        case .body(let part):
            bodyBytes += part.readableBytes
            if bodyBytes > limits.drainBytes {
                context.close(promise: nil)
                return
            }
        case .end:
            isRequestComplete = true
            timeout?.cancel()
            timeout = nil
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !isRequestComplete, timeout == nil {
            let channel = context.channel
            timeout = context.eventLoop.scheduleTask(in: limits.requestTimeout) { channel.close(promise: nil) }
        }
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where closesAfterResponse:
            head.headers.replaceOrAdd(name: "Connection", value: "close")
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end where closesAfterResponse:
            // With the rest of a request still on its way a full close would reset the connection before the answer is read.
            let mode: CloseMode = isRequestComplete ? .all : .output
            let channel = context.channel
            let written = promise ?? context.eventLoop.makePromise()
            context.writeAndFlush(data, promise: written)
            written.futureResult.whenComplete { _ in channel.close(mode: mode, promise: nil) }
        default:
            context.write(data, promise: promise)
        }
    }

    private func began(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        isRequestComplete = false
        bodyBytes = 0
        closesAfterResponse = !head.isKeepAlive
        let announced = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        if announced <= limits.bodyLimitBytes, head.version == .http1_1,
            head.headers.first(name: "expect")?.lowercased() == "100-continue"
        {
            let proceed = HTTPResponseHead(version: head.version, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(proceed)), promise: nil)
        }
    }
}

/// Puts ``ConnectionRules`` next to the HTTP decoder, before the request loses its version.
final class ConnectionRulesInstaller: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let limits: ConnectionRules.Limits

    init(limits: ConnectionRules.Limits) {
        self.limits = limits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(ConnectionRules(limits: limits), position: .after(decoder))
        } catch {
            preconditionFailure("an HTTP/1 connection without a decoder: \(error)")
        }
    }
}
