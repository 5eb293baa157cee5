import Glibc
import NIOConcurrencyHelpers

/// The proxy's thread: waits without the lock, moves bytes with it.
struct ProxyLoop: Sendable {
    let state: NIOLockedValueBox<ProxyState>
    let wakeDescriptor: Int32

    func run() {
        while true {
            var polled = state.withLockedValue { interest($0) }
            _ = poll(&polled, nfds_t(polled.count), 1000)
            drainWake()
            let (isEnded, ready) = state.withLockedValue { state -> (Bool, [CheckedContinuation<Void, Never>]) in
                if state.isEnded {
                    state.resetAll()
                    if state.listener >= 0 { _ = Glibc.close(state.listener) }
                    let waiting = state.waiters.map(\.continuation)
                    state.waiters = []
                    return (true, waiting)
                }
                move(&state)
                return (false, accept(&state))
            }
            for continuation in ready { continuation.resume() }
            if isEnded { break }
        }
        _ = Glibc.close(wakeDescriptor)
    }

    private func interest(_ state: ProxyState) -> [pollfd] {
        var polled = [pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0)]
        polled.append(pollfd(fd: state.listener, events: Int16(POLLIN), revents: 0))
        for link in state.links {
            let (clientPasses, serverPasses) = Self.passes(state.mode)
            let fromClient = clientPasses ? link.fromClient : nil
            let fromServer = serverPasses ? link.fromServer : nil
            add(link.client, reads: fromClient, writes: fromServer, to: &polled)
            add(link.server, reads: fromServer, writes: fromClient, to: &polled)
        }
        return polled
    }

    /// A descriptor nobody wants anything of is left out, since an error on it would wake the loop for ever.
    private func add(_ descriptor: Int32, reads: ProxyPipe?, writes: ProxyPipe?, to polled: inout [pollfd]) {
        var events: Int16 = 0
        if let reads, reads.bytes.isEmpty, !reads.sourceEnded { events |= Int16(POLLIN) }
        if let writes, !writes.bytes.isEmpty { events |= Int16(POLLOUT) }
        if events != 0 { polled.append(pollfd(fd: descriptor, events: events, revents: 0)) }
    }

    private static func passes(_ mode: StallingProxy.Mode) -> (client: Bool, server: Bool) {
        switch mode {
        case .pass: (true, true)
        case .stall: (false, false)
        case .stallFromClient: (false, true)
        case .stallFromServer: (true, false)
        }
    }

    private func drainWake() {
        var count: UInt64 = 0
        _ = Glibc.read(wakeDescriptor, &count, 8)
    }

    private func accept(_ state: inout ProxyState) -> [CheckedContinuation<Void, Never>] {
        while state.listener >= 0 {
            let client = Glibc.accept(state.listener, nil, nil)
            if client < 0 { break }
            guard let server = try? ProxySocket.connect(state.server) else {
                ProxyLink(client: client, server: -1).reset()
                continue
            }
            for descriptor in [client, server] { ProxySocket.makeNonBlocking(descriptor) }
            state.links.append(ProxyLink(client: client, server: server))
            state.accepted += 1
        }
        let accepted = state.accepted
        let ready = state.waiters.filter { $0.count <= accepted }.map(\.continuation)
        state.waiters.removeAll { $0.count <= accepted }
        return ready
    }

    private func move(_ state: inout ProxyState) {
        let (clientPasses, serverPasses) = Self.passes(state.mode)
        var kept: [ProxyLink] = []
        for var link in state.links {
            var works = true
            if clientPasses { works = Self.move(&link.fromClient, from: link.client, to: link.server) }
            if works, serverPasses { works = Self.move(&link.fromServer, from: link.server, to: link.client) }
            if works { kept.append(link) } else { link.reset() }
        }
        state.links = kept
    }

    /// Moves what can be moved one way; false when the link is over.
    private static func move(_ pipe: inout ProxyPipe, from source: Int32, to target: Int32) -> Bool {
        if pipe.bytes.isEmpty, !pipe.sourceEnded {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = Glibc.read(source, &buffer, buffer.count)
            if count > 0 {
                pipe.bytes = Array(buffer[..<count])
            } else if count == 0 {
                pipe.sourceEnded = true
                Glibc.shutdown(target, Int32(SHUT_WR))
            } else if errno != EAGAIN && errno != EINTR {
                return false
            }
        }
        if !pipe.bytes.isEmpty {
            let count = Glibc.send(target, pipe.bytes, pipe.bytes.count, Int32(MSG_NOSIGNAL))
            if count > 0 {
                pipe.bytes.removeFirst(count)
            } else if errno != EAGAIN && errno != EINTR {
                return false
            }
        }
        return true
    }
}

enum ProxySocket {
    static func listen(port: Int) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw ProxyError(call: "socket", number: errno) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let bound = withAddress(TestServers.Endpoint(host: "127.0.0.1", port: port)) { bind(descriptor, $0, $1) }
        guard bound == 0, Glibc.listen(descriptor, 128) == 0 else {
            let number = errno
            _ = Glibc.close(descriptor)
            throw ProxyError(call: "bind", number: number)
        }
        makeNonBlocking(descriptor)
        return descriptor
    }

    static func connect(_ endpoint: TestServers.Endpoint) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw ProxyError(call: "socket", number: errno) }
        guard withAddress(endpoint, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            let number = errno
            _ = Glibc.close(descriptor)
            throw ProxyError(call: "connect", number: number)
        }
        return descriptor
    }

    static func port(of descriptor: Int32) -> Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &size) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    static func makeNonBlocking(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL, 0) | O_NONBLOCK)
    }

    private static func withAddress(
        _ endpoint: TestServers.Endpoint, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(endpoint.port).bigEndian
        address.sin_addr.s_addr = inet_addr(endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
