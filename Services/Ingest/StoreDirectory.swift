/// What ingest knows of one store.
struct StoreEndpoint: Sendable, Hashable {
    /// The store's id.
    let id: String
    /// The platform's name, e.g. `woocommerce`.
    let platform: String
    /// The secret its webhooks are signed with; nil if there is none or it cannot be opened.
    let webhookSecret: String?
    /// When a hinted order is read again, in seconds after the hint, soonest first.
    let rereadSeconds: [Double]

    /// The usual further reads: WooCommerce's webhooks may run ahead of the change they tell of.
    static let usualRereadSeconds: [Double] = [10, 300]
}

/// What a look at the directory finds.
enum StoreLookup: Sendable, Hashable {
    /// The store.
    case found(StoreEndpoint)
    /// There is no such store.
    case unknown
    /// The stores have not been read yet: nobody can tell.
    case notLoaded
}

/// Finds stores by id, without waiting.
protocol StoreDirectory: Sendable {
    func store(_ id: String) -> StoreLookup
}
