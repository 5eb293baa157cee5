/// The clock of the database, by which leases, deadlines and waits are measured: replicas share it, whatever their own clocks say.
public struct LedgerTime: Sendable {
    /// How far the clock is moved, in seconds. Zero; tests move it instead of waiting.
    public var offsetSeconds: @Sendable () -> Double

    /// The database's own clock.
    public static let database = LedgerTime(offsetSeconds: { 0 })

    /// A clock.
    /// - Parameter offsetSeconds: how far it is moved, in seconds.
    public init(offsetSeconds: @escaping @Sendable () -> Double) {
        self.offsetSeconds = offsetSeconds
    }
}
