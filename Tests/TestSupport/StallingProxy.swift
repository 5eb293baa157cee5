import CSystemShims
import Foundation
import Glibc
import NIOConcurrencyHelpers

/// A TCP proxy on loopback whose link can be stalled, reset, refused and opened again on the same port.
///
/// One thread moves the bytes. Every change applies before the call returns: no byte moves against it afterwards.
public final class StallingProxy: Sendable {
    /// What the link does with bytes.
    public enum Mode: Sendable, Hashable {
        /// Both ways.
        case pass
        /// Connections are accepted and nothing moves.
        case stall
        /// Bytes from the server pass, bytes from the client do not.
        case stallFromClient
        /// Bytes from the client pass, bytes from the server do not.
        case stallFromServer
    }

    private let wakeDescriptor: Int32
    private let state: NIOLockedValueBox<ProxyState>
    /// Where clients connect.
    public let endpoint: TestServers.Endpoint

    /// Opens a proxy for a server, on a port the system chooses.
    public init(to server: TestServers.Endpoint) throws {
        let listener = try ProxySocket.listen(port: 0)
        endpoint = TestServers.Endpoint(host: "127.0.0.1", port: ProxySocket.port(of: listener))
        wakeDescriptor = counterfoil_eventfd()
        state = NIOLockedValueBox(ProxyState(server: server, listener: listener))
        let (state, wakeDescriptor) = (state, wakeDescriptor)
        Thread.detachNewThread { ProxyLoop(state: state, wakeDescriptor: wakeDescriptor).run() }
    }

    deinit {
        state.withLockedValue { $0.isEnded = true }
        wake()
    }

    /// The URL of the server, by way of the proxy.
    public func url(for serverURL: String) -> String { TestServers.url(serverURL, at: endpoint) }

    /// What the link does with bytes, of present and future connections.
    public func set(_ mode: Mode) {
        state.withLockedValue { $0.mode = mode }
        wake()
    }

    /// Ends every present connection with a reset, on both sides.
    public func resetConnections() {
        state.withLockedValue { $0.resetAll() }
        wake()
    }

    /// Refuses new connections, and resets the present ones.
    public func refuse() {
        state.withLockedValue { state in
            if state.listener >= 0 {
                // The loop may be polling the listener, which keeps a closed one alive; shutting it down acts at once.
                Glibc.shutdown(state.listener, Int32(SHUT_RDWR))
                _ = Glibc.close(state.listener)
            }
            state.listener = -1
            state.resetAll()
        }
        wake()
    }

    /// Accepts connections again, on the same port.
    public func reopen() throws {
        let port = endpoint.port
        try state.withLockedValue { state in
            if state.listener < 0 { state.listener = try ProxySocket.listen(port: port) }
        }
        wake()
    }

    /// How many connections have been accepted so far.
    public var acceptedConnections: Int { state.withLockedValue { $0.accepted } }

    /// Returns once `count` connections have been accepted since the proxy was made.
    public func waitForConnections(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let enough = state.withLockedValue { state in
                if state.accepted < count { state.waiters.append((count, continuation)) }
                return state.accepted >= count
            }
            if enough { continuation.resume() }
        }
    }

    private func wake() {
        var one: UInt64 = 1
        _ = Glibc.write(wakeDescriptor, &one, 8)
    }
}

/// A failed system call.
public struct ProxyError: Error {
    /// The call.
    public let call: String
    /// Its error number.
    public let number: Int32
}

/// One direction's bytes that were read and not yet written.
struct ProxyPipe {
    var bytes: [UInt8] = []
    var sourceEnded = false
}

struct ProxyLink {
    let client: Int32
    let server: Int32
    var fromClient = ProxyPipe()
    var fromServer = ProxyPipe()

    func reset() {
        for descriptor in [client, server] {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
            _ = Glibc.close(descriptor)
        }
    }
}

struct ProxyState {
    let server: TestServers.Endpoint
    var listener: Int32
    var mode = StallingProxy.Mode.pass
    var links: [ProxyLink] = []
    var accepted = 0
    var isEnded = false
    var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

    init(server: TestServers.Endpoint, listener: Int32) {
        self.server = server
        self.listener = listener
    }

    mutating func resetAll() {
        for link in links { link.reset() }
        links = []
    }
}
