/// One store of the play: its names and secrets, the same in the simulator and in the configuration.
struct PlayStore: Sendable, Hashable {
    /// The id in the configuration and in URLs.
    let id: String
    /// Before the order's number in the invoice's.
    let prefix: String
    /// Orders made earlier are ignored.
    var since = "2025-01-01"
    /// The org its sales are booked in.
    var org = ExampleConfiguration.orgID

    /// One of the stores with generated orders, counted from 1.
    static func generated(_ index: Int) -> PlayStore {
        PlayStore(id: index == 1 ? "shop" : "shop-\(index)", prefix: "S\(index)-")
    }

    var consumerKey: String { "ck_play_\(id)" }
    var consumerSecret: String { "cs_play_\(id)" }
    /// As typed into WooCommerce, which decodes the entity before it signs.
    var webhookSecret: String { "play &amp; \(id)" }

    /// The invoice's number for an order's.
    func invoiceNumber(_ orderNumber: String) -> String { prefix + orderNumber }
}
