/// The members of a JSON object, in order.
///
/// Equality and hashing do not look at the order. Of members with equal keys the last wins, in the place of the first.
/// Finding a member is constant time however many there are.
public struct JSONObject: Sendable, ExpressibleByDictionaryLiteral, Sequence {
    /// One member.
    public typealias Element = (key: String, value: JSONValue)

    private var members: [Element]
    /// Where each key is; only once there are so many that looking through them would cost more.
    private var positions: [String: Int]?

    private static let indexedFrom = 16

    /// Makes an object without members.
    public init() {
        members = []
        positions = nil
    }

    /// Makes an object from members in order; of equal keys the last wins.
    public init(_ members: some Sequence<(String, JSONValue)>) {
        self.init()
        for (key, value) in members { set(key, value) }
    }

    /// Makes an object with the members of the literal.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements)
    }

    /// How many members there are.
    public var count: Int { members.count }

    /// Whether there are no members.
    public var isEmpty: Bool { members.isEmpty }

    /// The keys, in order.
    public var keys: [String] { members.map(\.key) }

    /// The member named `key`; setting it to `nil` removes it.
    public subscript(key: String) -> JSONValue? {
        get {
            position(of: key).map { members[$0].value }
        }
        set {
            if let newValue {
                set(key, newValue)
            } else if let position = position(of: key) {
                members.remove(at: position)
                reindex()
            }
        }
    }

    /// Iterates over the members in order.
    public func makeIterator() -> IndexingIterator<[Element]> { members.makeIterator() }

    /// Adds a member, or replaces the one that has its key.
    mutating func set(_ key: String, _ value: JSONValue) {
        if let position = position(of: key) {
            members[position].value = value
            return
        }
        members.append((key, value))
        if positions != nil {
            positions?[key] = members.count - 1
        } else if members.count >= Self.indexedFrom {
            reindex()
        }
    }

    private func position(of key: String) -> Int? {
        if let positions { return positions[key] }
        return members.firstIndex { $0.key == key }
    }

    private mutating func reindex() {
        guard members.count >= Self.indexedFrom else {
            positions = nil
            return
        }
        var positions = [String: Int](minimumCapacity: members.count * 2)
        for (position, member) in members.enumerated() { positions[member.key] = position }
        self.positions = positions
    }
}

extension JSONObject: Hashable {
    /// Whether both have the same members, in whatever order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }

    /// Feeds the members to the hasher so that their order does not matter.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for member in members {
            var one = Hasher()
            one.combine(member.key)
            one.combine(member.value)
            sum &+= one.finalize()
        }
        hasher.combine(count)
        hasher.combine(sum)
    }
}
