/// Which statements one connection has prepared, and under which names.
///
/// A statement is `preparing` from the moment its preparation is sent until the server has confirmed it. In between only
/// the group that prepares it may use the name, because the preparation fails together with that group. The rest send
/// the statement unprepared.
struct StatementCache {
    /// What makes two statements share a preparation: the text, and which parameters are sent as `bytea`.
    struct Key: Hashable {
        let sql: String
        /// Bit n is set when parameter n is binary; parameters beyond 64 always count as text here.
        let binaryMask: UInt64
    }

    /// How to send a statement.
    enum Decision: Equatable {
        /// Prepare it under this name, then run it by name.
        case prepare(name: String)
        /// Run it by this name.
        case prepared(name: String)
        /// Run it without preparing it.
        case unprepared
    }

    private struct Entry {
        let name: String
        var isReady: Bool
        var group: Int
        var lastUse: Int
    }

    private let capacity: Int
    private var entries: [Key: Entry] = [:]
    private var keys: [String: Key] = [:]
    private var uses = 0
    private var nextName = 0
    private var evicted: [String] = []

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { entries.count }

    /// Decides how to send a statement as part of a group.
    mutating func use(_ key: Key, group: Int) -> Decision {
        uses += 1
        if let entry = entries[key] {
            guard entry.isReady || entry.group == group else { return .unprepared }
            entries[key]?.lastUse = uses
            return .prepared(name: entry.name)
        }
        if capacity == 0 { return .unprepared }
        if entries.count >= capacity { evictOldest() }
        nextName += 1
        let name = "s\(nextName)"
        entries[key] = Entry(name: name, isReady: false, group: group, lastUse: uses)
        keys[name] = key
        return .prepare(name: name)
    }

    /// The server confirmed a preparation.
    mutating func confirm(name: String) {
        if let key = keys[name] { entries[key]?.isReady = true }
    }

    /// The server does not have, or cannot use, the preparation of this name.
    mutating func forget(name: String) {
        if let key = keys.removeValue(forKey: name) { entries[key] = nil }
    }

    /// Names whose preparation is no longer wanted on the server, since the last call.
    mutating func takeEvicted() -> [String] {
        if evicted.isEmpty { return [] }
        defer { evicted = [] }
        return evicted
    }

    private mutating func evictOldest() {
        var oldest: (key: Key, entry: Entry)?
        for (key, entry) in entries where entry.isReady {
            if let known = oldest, known.entry.lastUse <= entry.lastUse { continue }
            oldest = (key, entry)
        }
        guard let oldest else { return }
        forget(name: oldest.entry.name)
        evicted.append(oldest.entry.name)
    }
}
