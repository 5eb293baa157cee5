/// What the play was asked for.
struct PlayOptions: Sendable {
    /// Orders to generate.
    var orders = 200
    /// Stores to spread them over.
    var stores = 1
    /// The same seed plays the same orders with the same mishaps.
    var seed: UInt64 = 1
    /// Stop after the verdict.
    var once = false
    /// Keep the database's and the simulators' content of the last run.
    var keep = false
    /// A folder of recorded payloads to play instead.
    var input: String?
    /// Kill services for so many seconds.
    var chaosSeconds: Int?
    /// Take the broker away for a while, then the database.
    var outages = false
    /// So many paid orders at once, at Xero's real limits.
    var burst: Int?
    /// A steady load instead of a play of orders.
    var load: LoadOptions?
    /// Where logs and state go; nil: where the servers keep theirs, `COUNTERFOIL_LOCAL` or `.local`.
    var folder: String?
    /// How long one of Xero's minutes lasts; nil: 60 for a burst, else 6.
    var minuteSeconds: Int?
    /// How long the books may take to tie after the last order, in seconds; nil: 180, a burst 900.
    var deadlineSeconds: Int?
    /// Seconds over which the changes in the stores are spread; 0: as fast as they can be made.
    var spreadSeconds = 0
    /// Services and simulators that run already; nil: the play starts its own.
    var attachment: Attachment?
    /// The script that restarts the servers.
    var serversScript = "deploy/local/servers"

    /// Seconds in one of Xero's minutes.
    var xeroMinute: Int { minuteSeconds ?? (burst == nil ? 6 : 60) }

    /// How long to wait for everything to tie.
    var deadline: Duration { .seconds(deadlineSeconds ?? (burst == nil && load == nil ? 180 : 900)) }

    /// How many calls a day are allowed an org: Xero's own limit, except where a day is to be lived through in minutes.
    var dailyCalls: Int { chaosSeconds == nil && load == nil ? 1_000 : 20_000 }
}
