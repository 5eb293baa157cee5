/// Xero's minutes and days. Everything that waits for Xero (windows, idempotency, settling, back-off) is counted in them,
/// so that a simulator whose minute lasts a second speeds all of it up alike.
public struct XeroTime: Sendable, Hashable {
    /// How long one of Xero's minutes lasts here: XERO_MINUTE_SECONDS, 60 s by default.
    public let minute: Duration
    /// How long one of Xero's days lasts here: XERO_DAY_SECONDS, 86,400 s by default.
    public let day: Duration

    /// Makes a scale; by default the real one.
    public init(minute: Duration = .seconds(60), day: Duration = .seconds(86_400)) {
        self.minute = minute
        self.day = day
    }

    /// Takes XERO_MINUTE_SECONDS and XERO_DAY_SECONDS.
    public init(_ environment: Environment) throws(ConfigurationError) {
        let real = XeroTime()
        self.init(
            minute: try environment.duration("XERO_MINUTE_SECONDS", default: real.minute),
            day: try environment.duration("XERO_DAY_SECONDS", default: real.day))
        guard day >= minute else {
            throw ConfigurationError(
                variable: "XERO_DAY_SECONDS", problem: "is less than XERO_MINUTE_SECONDS",
                fix: "Give both, a day at least as long as a minute, or leave both out.")
        }
    }

    /// So many of Xero's minutes.
    public func minutes(_ count: Int) -> Duration { minute * count }

    /// So many of Xero's seconds: sixtieths of a minute.
    public func seconds(_ count: Int) -> Duration { minute * count / 60 }

    /// So many of Xero's days.
    public func days(_ count: Int) -> Duration { day * count }
}
