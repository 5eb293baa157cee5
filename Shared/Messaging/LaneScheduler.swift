import DequeModule

/// Decides which of the waiting items may run: at most so many at once, and of those with the same key one at a time, in the
/// order in which they came.
struct LaneScheduler<Item: Sendable>: Sendable {
    private struct Lane: Sendable {
        var waiting: Deque<Item> = []
    }

    /// Lanes with an item running or waiting.
    private var lanes: [String: Lane] = [:]
    /// Keys of lanes whose next item may run as soon as there is room, longest waiting first.
    private var ready: Deque<String> = []
    private(set) var running = 0
    private(set) var waiting = 0
    private let limit: Int

    init(limit: Int) {
        precondition(limit > 0, "a scheduler that runs nothing")
        self.limit = limit
    }

    /// Takes an item in.
    ///
    /// - Returns: the item that is to be started now, if any.
    mutating func add(_ item: Item, key: String) -> Item? {
        if lanes[key] != nil {
            lanes[key]?.waiting.append(item)
            waiting += 1
            return nil
        }
        guard running < limit else {
            lanes[key] = Lane(waiting: [item])
            ready.append(key)
            waiting += 1
            return nil
        }
        lanes[key] = Lane()
        running += 1
        return item
    }

    /// Notes that the item that ran for this key has ended.
    ///
    /// - Returns: the item that is to be started in its place, if any, with its key.
    mutating func finish(key: String) -> (item: Item, key: String)? {
        precondition(lanes[key] != nil, "an item ended that was not running")
        if lanes[key]?.waiting.isEmpty == true {
            lanes[key] = nil
        } else {
            ready.append(key)
        }
        guard let next = ready.popFirst(), let item = lanes[next]?.waiting.popFirst() else {
            running -= 1
            return nil
        }
        waiting -= 1
        return (item, next)
    }

    /// Forgets everything that waits; what runs goes on.
    ///
    /// - Returns: what was forgotten.
    mutating func drain() -> [Item] {
        var drained: [Item] = []
        for (key, lane) in lanes {
            drained.append(contentsOf: lane.waiting)
            lanes[key]?.waiting.removeAll()
        }
        for key in ready { lanes[key] = nil }
        ready.removeAll()
        waiting = 0
        return drained
    }
}
