import JSON

/// What an earlier play left in the stores, when a play goes on with it: the new orders are numbered after these, and
/// their documents are no surprise in the books.
struct EarlierOrders: Sendable {
    /// The order numbers each store holds already.
    private var numbers: [PlayStore: [String]] = [:]
    private var highest: [PlayStore: Int] = [:]

    /// Nothing: a play that starts afresh.
    init() {}

    /// Takes note of what `GET /_control/stores/{store}/orders` lists.
    mutating func add(_ list: JSONValue, in store: PlayStore) {
        for entry in list.array ?? [] {
            guard let order = entry["order"], let id = order["id"]?.int else { continue }
            numbers[store, default: []].append(order["number"]?.string ?? String(id))
            highest[store] = max(highest[store] ?? 0, id)
        }
    }

    /// The id of the first new order of a store: the next ten after the highest, 1,000 in an empty store.
    func firstID(in store: PlayStore) -> Int {
        guard let id = highest[store] else { return 1_000 }
        return (id / 10 + 1) * 10
    }

    /// The books without the earlier orders' documents.
    func removed(from books: Books) -> Books {
        guard !numbers.isEmpty else { return books }
        let known = Set(numbers.flatMap { store, orders in orders.map { store.invoiceNumber($0) } })
        func isEarlier(_ number: String) -> Bool {
            known.contains(
                number.hasPrefix("CN-")
                    ? Audit.orderPart(ofCreditNote: number, known: known) : Audit.orderPart(of: number, known: known))
        }
        var rest = books
        rest.invoices.removeAll { isEarlier($0.number) }
        rest.creditNotes.removeAll { isEarlier($0.number) }
        rest.payments.removeAll { isEarlier($0.document) }
        return rest
    }
}
