/// How long to wait before a child that ended by itself is started again: longer each time it does not live long.
struct RestartPolicy: Sendable, Equatable {
    private(set) var quickExits = 0
    private(set) var restarts = 0
    private static let longLife: Duration = .seconds(10)
    private static let longest: Duration = .seconds(5)

    /// Notes an end.
    /// - Parameter lifetime: how long it had run.
    /// - Returns: how long to wait.
    mutating func ended(after lifetime: Duration) -> Duration {
        restarts += 1
        quickExits = lifetime >= Self.longLife ? 0 : quickExits + 1
        let delay = Duration.milliseconds(100) * (1 << min(max(quickExits - 1, 0), 10))
        return min(delay, Self.longest)
    }
}
