import JSON
import SimulatedWooCommerce

/// How the webhook of one save of an order behaves.
enum WebhookMode: String {
    /// One delivery; its body is built when it is sent, as WooCommerce does.
    case normal
    /// The body still shows the order as it was before.
    case stale
    /// Two deliveries of the same body.
    case duplicate
    /// Never sent, and never tried again: WooCommerce has no retry.
    case dropped
    /// Built now, sent later: it overtakes nothing and is overtaken.
    case delayed
}

/// One delivery to be made.
struct WebhookDelivery: Sendable {
    /// Where the body comes from.
    enum Body: Sendable {
        /// Built when it is sent.
        case current
        case fixed([UInt8])
    }

    let store: SimulatedStore
    let topic: String
    let orderID: Int
    let body: Body
    let delay: Duration

    /// What makes a delivery superfluous while the same one still waits.
    var coalescingKey: String { "\(store.settings.id) \(topic) \(orderID)" }
}
