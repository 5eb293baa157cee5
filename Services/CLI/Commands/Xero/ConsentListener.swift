import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import Xero

/// Listens on this machine for the browser that Xero sends back with the answer to a consent.
///
/// The address with the code is answered by a redirect to a page without it, so that the code stays in no history.
struct ConsentListener: Sendable {
    /// Where Xero sends the browser, if that is this machine.
    struct Place: Sendable, Hashable {
        var port: Int
        var path: String

        init(port: Int, path: String) {
            self.port = port
            self.path = path
        }

        /// - Parameter redirect: the app's redirect address.
        init?(redirect: String) {
            guard let parts = URLComponents(string: redirect), parts.scheme?.lowercased() == "http",
                parts.host?.lowercased() == "localhost"
            else { return nil }
            self.init(port: parts.port ?? 80, path: parts.path.isEmpty ? "/" : parts.path)
        }
    }

    /// Why the port cannot be listened on.
    struct Failure: Error, Sendable, Hashable {
        var words: String
    }

    typealias Answer = Result<String, XeroConsent.Refusal>

    /// Seconds for which a browser may take to follow the redirect before listening ends.
    private static let patience = TimeAmount.seconds(2)

    private let channels: [any Channel]
    private let page: BrowserPage

    /// Begins to listen on the addresses of localhost.
    /// - Parameters:
    ///   - place: the port and the path.
    ///   - read: reads the code out of the address that the browser asks for.
    ///   - onAnswer: told what the browser came back with; several times, if several come.
    static func start(
        at place: Place, _ read: @escaping @Sendable (String) -> Answer,
        onAnswer: @escaping @Sendable (Answer) -> Void
    ) async throws(Failure) -> ConsentListener {
        let page = BrowserPage()
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        RedirectHandler(path: place.path, page: page, read: read, onAnswer: onAnswer))
                }
            }
        var channels: [any Channel] = []
        // Browsers try either; one of the two may be missing on a machine, but not in use by another program.
        for host in ["127.0.0.1", "::1"] {
            do {
                channels.append(try await bootstrap.bind(host: host, port: place.port).get())
            } catch {
                let code = (error as? IOError)?.errnoCode
                if host == "::1", code != EADDRINUSE { continue }
                await ConsentListener(channels: channels, page: page).stop()
                throw Failure(
                    words: code == EADDRINUSE
                        ? "another program uses it" : code == EACCES ? "it takes the rights of root" : "\(error)")
            }
        }
        return ConsentListener(channels: channels, page: page)
    }

    /// Ends listening, once a browser that was redirected has its page.
    func stop() async {
        await page.waitUntilShown(atMost: Self.patience)
        for channel in channels { try? await channel.close() }
    }
}

/// Whether a browser that was redirected has got the page it was sent to.
private final class BrowserPage: Sendable {
    private let shown = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: Void.self)
    private let isAwaited = NIOLockedValueBox(false)

    func redirected() { isAwaited.withLockedValue { $0 = true } }

    func wasShown() { shown.succeed() }

    func waitUntilShown(atMost limit: TimeAmount) async {
        let shown = shown
        if isAwaited.withLockedValue({ $0 }) {
            shown.futureResult.eventLoop.scheduleTask(in: limit) { shown.succeed() }
        } else {
            shown.succeed()
        }
        try? await shown.futureResult.get()
    }
}

/// Answers the browser.
private final class RedirectHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let allowed = "/counterfoil/allowed"
    private static let refused = "/counterfoil/refused"

    private let path: String
    private let page: BrowserPage
    private let read: (String) -> ConsentListener.Answer
    private let onAnswer: (ConsentListener.Answer) -> Void
    private var head: HTTPRequestHead?

    init(
        path: String, page: BrowserPage, read: @escaping (String) -> ConsentListener.Answer,
        onAnswer: @escaping (ConsentListener.Answer) -> Void
    ) {
        self.path = path
        self.page = page
        self.read = read
        self.onAnswer = onAnswer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard head.method == .GET else {
            send(context, .methodNotAllowed, "Use GET.")
            return
        }
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        switch parts.first.map(String.init) ?? "" {
        case path where parts.count == 2:
            let answer = read(head.uri)
            page.redirected()
            send(context, .found, "", location: (try? answer.get()) == nil ? Self.refused : Self.allowed)
            onAnswer(answer)
        case Self.allowed: show(context, "Access was allowed. Go on at the command line: it says what came of it.")
        case Self.refused: show(context, "Nothing was connected. The command line says why.")
        default: send(context, .notFound, "Nothing is here.")
        }
    }

    private func show(_ context: ChannelHandlerContext, _ words: String) {
        let page = page
        send(context, .ok, words).whenComplete { _ in page.wasShown() }
    }

    @discardableResult
    private func send(
        _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ words: String, location: String? = nil
    ) -> EventLoopFuture<Void> {
        let page = words.isEmpty ? "" : "<!DOCTYPE html><title>Counterfoil</title><p>\(words)</p>\n"
        var headers: HTTPHeaders = [
            "Content-Type": "text/html; charset=utf-8", "Content-Length": "\(page.utf8.count)",
            "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
            "Content-Security-Policy": "default-src 'none'", "Connection": "close",
        ]
        if let location { headers.add(name: "Location", value: location) }
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: page)))), promise: nil)
        let ended = context.eventLoop.makePromise(of: Void.self)
        let channel = context.channel
        ended.futureResult.whenComplete { _ in channel.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: ended)
        return ended.futureResult
    }
}
