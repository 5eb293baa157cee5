public import Accounting
public import JSON

/// Everything that can be changed about the simulated Xero while it runs, for all organisations or for one.
public struct SimulatorSettings: Sendable, Equatable {
    /// How a line's tax is rounded to cents; Xero does not document which mode it uses. Default half up.
    public var rounding: Rounding = .halfUp
    /// Calls per organisation in one of Xero's minutes; 0 lifts the limit. Default 60.
    public var minuteLimit = 60
    /// Calls per organisation in one of Xero's days; 0 lifts the limit. Default 1,000 (Starter tier).
    public var dayLimit = 1000
    /// Calls of an organisation in progress at a time; 0 lifts the limit. Default 5.
    public var concurrentLimit = 5
    /// Calls per app, over all organisations, in one of Xero's minutes; 0 lifts the limit. Default 10,000.
    public var appMinuteLimit = 10_000
    /// How long one of Xero's minutes lasts, in microseconds. Default 60 seconds.
    public var minuteMicroseconds: Int64 = 60_000_000
    /// How long one of Xero's days lasts, in microseconds. Default 86,400 seconds.
    public var dayMicroseconds: Int64 = 86_400_000_000
    /// How long a call takes over HTTP, in microseconds. Default 5 milliseconds.
    public var latencyMicroseconds: Int64 = 5_000
    /// How long a simulated hang keeps the connection open, in microseconds. Default 120 seconds.
    public var hangMicroseconds: Int64 = 120_000_000
    /// How many of Xero's minutes an idempotency key is remembered. Default 6.
    public var idempotencyMinutes = 6
    /// How many of Xero's minutes an access token is good for. Default 30.
    public var tokenMinutes = 30
    /// Whether the number of a voided or deleted document may be used again. Default false, the stricter reading.
    public var voidedNumbersReusable = false
    /// Whether credit note numbers must be unique. Default true, as documented.
    public var creditNoteNumbersUnique = true
    /// Whether an archived contact can be made active again by a change of it. Default true; Xero does not say.
    public var contactsRestorable = true
    /// Whether `If-Modified-Since` includes the second it names. Default false, the stricter reading.
    public var modifiedSinceInclusive = false

    /// The defaults: what Xero does for an app on its Starter tier.
    public init() {}

    /// Sets the lengths of Xero's minute and day in seconds, such as `0.5`.
    /// - Returns: False if a text is no positive number; nothing changes then.
    public mutating func scale(minuteSeconds: String?, daySeconds: String?) -> Bool {
        let minute = minuteSeconds.map { Self.microseconds($0) } ?? minuteMicroseconds
        let day = daySeconds.map { Self.microseconds($0) } ?? dayMicroseconds
        guard let minute, let day, minute > 0, day > 0 else { return false }
        minuteMicroseconds = minute
        dayMicroseconds = day
        return true
    }

    /// Takes over the values present in a JSON object.
    /// - Returns: What was wrong, one sentence per problem; the settings change only if it is empty.
    public mutating func apply(_ json: JSONObject) -> [String] {
        var changed = self
        var problems: [String] = []
        for (name, value) in json where name != "org" {
            if let problem = changed.set(name, to: value) { problems.append(problem) }
        }
        if problems.isEmpty { self = changed }
        return problems
    }

    private mutating func set(_ name: String, to value: JSONValue) -> String? {
        if let number = Self.numbers[name] {
            guard let count = value.int, count >= 0 else { return "\(name) must be a whole number, 0 or more." }
            self[keyPath: number] = count
        } else if let duration = Self.durations[name] {
            guard let micros = value.decimal.flatMap({ Self.microseconds($0.description, unit: duration.unit) }),
                micros >= 0, micros > 0 || name == "latency_ms"
            else { return "\(name) must be a positive number." }
            self[keyPath: duration.path] = micros
        } else if let flag = Self.flags[name] {
            guard let on = value.bool else { return "\(name) must be true or false." }
            self[keyPath: flag] = on
        } else if name == "rounding" {
            guard let mode = value.string.flatMap({ ["halfUp": Rounding.halfUp, "halfEven": .halfEven][$0] }) else {
                return "rounding must be halfUp or halfEven."
            }
            rounding = mode
        } else {
            return "There is no setting \(name)."
        }
        return nil
    }

    /// The settings as the control interface shows them.
    public var json: JSONValue {
        var object: JSONObject = ["rounding": .string(rounding == .halfEven ? "halfEven" : "halfUp")]
        for (name, path) in Self.numbers.sorted(by: { $0.key < $1.key }) {
            object[name] = .number(JSONNumber(self[keyPath: path]))
        }
        for (name, duration) in Self.durations.sorted(by: { $0.key < $1.key }) {
            let micros = ExactDecimal(Int(self[keyPath: duration.path]))
            object[name] = JSONValue(micros.divided(by: ExactDecimal(Int(duration.unit)), scale: 6, .halfUp))
        }
        for (name, path) in Self.flags.sorted(by: { $0.key < $1.key }) { object[name] = .bool(self[keyPath: path]) }
        return .object(object)
    }

    private typealias NumberPath = any WritableKeyPath<SimulatorSettings, Int> & Sendable
    private typealias DurationPath = any WritableKeyPath<SimulatorSettings, Int64> & Sendable
    private typealias FlagPath = any WritableKeyPath<SimulatorSettings, Bool> & Sendable

    private static let numbers: [String: NumberPath] = [
        "minute_limit": \.minuteLimit, "day_limit": \.dayLimit, "concurrent_limit": \.concurrentLimit,
        "app_minute_limit": \.appMinuteLimit, "idempotency_minutes": \.idempotencyMinutes,
        "token_minutes": \.tokenMinutes,
    ]
    private static let durations: [String: (path: DurationPath, unit: Int64)] = [
        "minute_seconds": (\.minuteMicroseconds, 1_000_000), "day_seconds": (\.dayMicroseconds, 1_000_000),
        "hang_seconds": (\.hangMicroseconds, 1_000_000), "latency_ms": (\.latencyMicroseconds, 1000),
    ]
    private static let flags: [String: FlagPath] = [
        "voided_numbers_reusable": \.voidedNumbersReusable, "credit_note_numbers_unique": \.creditNoteNumbersUnique,
        "modified_since_inclusive": \.modifiedSinceInclusive, "contacts_restorable": \.contactsRestorable,
    ]

    private static func microseconds(_ text: String, unit: Int64 = 1_000_000) -> Int64? {
        guard let number = ExactDecimal(text), number < ExactDecimal(1_000_000_000) else { return nil }
        return Int64((number * ExactDecimal(Int(unit))).rounded(scale: 0, .down).fixed(0))
    }
}
