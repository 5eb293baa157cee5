/// Records in the order they were made, found by identifier.
struct RecordTable<Record: Sendable>: Sendable {
    private var positions: [String: Int] = [:]
    private(set) var records: [Record] = []

    var count: Int { records.count }

    /// The record with an identifier, whatever the identifier's case.
    subscript(id: String) -> Record? {
        if let position = positions[id] { return records[position] }
        return positions[id.lowercased()].map { records[$0] }
    }

    /// Adds a record, or replaces the one with the same identifier.
    mutating func put(_ record: Record, id: String) {
        if let position = positions[id] {
            records[position] = record
        } else {
            positions[id] = records.count
            records.append(record)
        }
    }

    /// Changes a record where it is.
    mutating func update(_ id: String, _ change: (inout Record) -> Void) {
        guard let position = positions[id] else { return }
        change(&records[position])
    }
}
