/// How many connections a pool keeps, and how long anybody waits for one.
public struct PoolConfiguration: Sendable {
    /// Connections kept open even when nobody needs them. Default 1.
    public var minimumConnections = 1
    /// Connections open at once, at most. Default 8.
    public var maximumConnections = 8
    /// Leases one connection serves at the same time: 1 lends it exclusively, more share it. Default 1.
    public var leasesPerConnection = 1
    /// Callers that may wait for a lease; the next one is refused at once. Default 10,000.
    public var maximumWaiters = 10_000
    /// How long a caller waits for a lease before it fails. Default 10 seconds.
    public var leaseTimeout: Duration = .seconds(10)
    /// A connection above the minimum that nobody has used for so long is closed. Default 60 seconds.
    public var idleTimeout: Duration = .seconds(60)
    /// The wait before the second attempt to connect; it doubles with each further failure. Default 100 milliseconds.
    public var firstBackoff: Duration = .milliseconds(100)
    /// The longest wait between two attempts to connect. Default 10 seconds.
    public var longestBackoff: Duration = .seconds(10)
    /// After so many failures in a row to connect, and ``circuitDelay``, callers are refused at once. Default 5.
    public var circuitFailures = 5
    /// For how long connecting must have failed before callers are refused at once: a restart is waited out. Default 3
    /// seconds. It is never longer than ``leaseTimeout``, after which few attempts count as well.
    public var circuitDelay: Duration = .seconds(3)

    /// The defaults.
    public init() {}

    /// The wait before the next attempt to connect.
    /// - Parameter failures: failures in a row so far; 0 waits not at all.
    func backoff(afterFailures failures: Int) -> Duration {
        guard failures > 0 else { return .zero }
        return min(firstBackoff * (1 << min(failures - 1, 16)), longestBackoff)
    }
}

/// What a pool can lend.
public protocol PooledConnection: Sendable {
    /// Begins to close the connection and returns at once.
    func close()
}

/// Why a lease was not given.
public struct PoolError: Error, Sendable, Hashable {
    /// The kind of refusal.
    public enum Code: Sendable, Hashable {
        /// No connection became free in time.
        case timedOut
        /// Too many callers wait already.
        case queueFull
        /// No connection could be opened for longer than a lease may wait, so this caller was refused at once.
        case unavailable
        /// The pool is shutting down or has shut down.
        case shutDown
        /// The waiting task was cancelled.
        case cancelled
    }
    /// The kind of refusal.
    public let code: Code
    /// Why the most recent attempt to connect failed, if it did.
    public let lastConnectFailure: String?
    /// Connections that were open at that moment.
    public let openConnections: Int
    /// For how long no connection could be opened, if that is the trouble.
    public let failingFor: Duration?
}

/// Whether callers are made to wait for a connection.
public enum PoolCircuit: Sendable, Hashable {
    /// Connections can be had, or are waited for. Becomes ``open`` when connecting keeps failing and none is left.
    case closed
    /// Nobody waits: callers are refused at once. Becomes ``halfOpen`` when the next attempt to connect begins.
    case open
    /// As ``open``, while one attempt to connect is under way. Becomes ``closed`` when it succeeds, else ``open``.
    case halfOpen
}

/// The pool's numbers at one moment.
public struct PoolStatistics: Sendable, Hashable {
    /// Connections that are open.
    public var open = 0
    /// Connections that are being opened.
    public var starting = 0
    /// Leases given out.
    public var leases = 0
    /// Callers that wait.
    public var waiters = 0
    /// Whether callers are made to wait at all.
    public var circuit = PoolCircuit.closed
}

/// Is told what happens to a pool's connections: for logs.
public protocol PoolObserver: Sendable {
    /// A connection was opened.
    func connectionOpened(id: Int)
    /// A connection could not be opened; the next attempt follows after `retryAfter`, if one is needed.
    func connectFailed(id: Int, message: String, failures: Int, retryAfter: Duration?)
    /// The circuit has changed; `failure` is why the last attempt to connect failed.
    func circuitChanged(to circuit: PoolCircuit, failure: String?)
    /// A connection is gone, by our wish or not.
    func connectionClosed(id: Int, expected: Bool)
}
