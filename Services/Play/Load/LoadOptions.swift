/// A steady load: how much, how long, and of what.
struct LoadOptions: Sendable {
    /// Webhooks a second.
    var rate: Int
    /// How long.
    var duration: Duration
    /// Of a hundred webhooks, how many tell of a step in an order's life. Of the others three in four repeat a delivery that was
    /// made before, and one tells of a save that changed nothing we post.
    var newsPercent = 4
    /// How many orgs, with a store each.
    var orgs = 4
    /// A file that gets the figures.
    var report: String?
}
