/// The configuration file the play applies: an example of what a merchant writes.
struct ExampleConfiguration: Sendable {
    /// The org's and its app's id, here and in the simulated Xero.
    static let orgID = "demo"

    /// Tax rates the simulated organisation has made for itself, for sales abroad: type, name, percent.
    static let taxRates = [
        ("TAX001", "GST (NZ)", "15"), ("TAX002", "Sales tax (NY)", "8.875"), ("TAX003", "GST + QST", "15.47375"),
    ]

    let stores: [PlayStore]
    let storefrontURL: String
    let dailyCalls: Int
    /// How often a store is swept, in seconds.
    var sweepSeconds = 5
    /// When a hinted order is read again, in seconds.
    var rereadSeconds = [2, 10]

    /// The orgs that the stores are booked in, in order.
    var orgs: [String] { Set(stores.map(\.org)).sorted() }

    /// The environment in which the file's references can be resolved.
    var environment: [String: String] {
        var variables: [String: String] = [:]
        for org in orgs { variables[Self.secretVariable(org)] = "\(org)-secret" }
        for store in stores {
            let name = Self.variable(store)
            variables["\(name)_WEBHOOK_SECRET"] = store.webhookSecret
            variables["\(name)_CONSUMER_KEY"] = store.consumerKey
            variables["\(name)_CONSUMER_SECRET"] = store.consumerSecret
        }
        return variables
    }

    /// The file.
    var yaml: String {
        """
        # Written by counterfoil-play. ${NAME} is taken from the environment when the file is applied.
        apps:
        \(orgs.map(app).joined(separator: "\n"))

        orgs:
        \(orgs.map(entry).joined(separator: "\n"))

        stores:
        \(stores.map(entry).joined(separator: "\n"))

        """
    }

    private func app(_ org: String) -> String {
        """
          \(org):
            client_id: \(org)
            client_secret: ${\(Self.secretVariable(org))}
            type: custom_connection
            tier: starter
        """
    }

    private func entry(_ org: String) -> String {
        """
          \(org):
            app: \(org)
            daily_calls: \(dailyCalls)
            time_zone: Australia/Sydney
            mapping:
              accounts: { sales: "200", shipping: "201", fees: "202", rounding: "860", refunds: "200", gift_cards: "850" }
              taxes: { "10": OUTPUT, "0": EXEMPTOUTPUT, "15": TAX001, "8.875": TAX002, "15.47375": TAX003, default: OUTPUT }
              payments: { stripe: "090", paypal: "091", bacs: "092", cod: "093", default: "090" }
              statuses: { post: [processing, completed, refunded], void: [cancelled, failed] }
              contacts: { guests: each }
              items: create
              refunds: { amount_only: hold }
              terms_days: 0
        """
    }

    private func entry(_ store: PlayStore) -> String {
        let name = Self.variable(store)
        return """
              \(store.id):
                platform: woocommerce
                org: \(store.org)
                url: \(storefrontURL)/\(store.id)
                since: \(store.since)
                number_prefix: \(store.prefix)
                sweep_seconds: \(sweepSeconds)
                reread_seconds: [\(rereadSeconds.map(String.init).joined(separator: ", "))]
                credentials:
                  webhook_secret: ${\(name)_WEBHOOK_SECRET}
                  consumer_key: ${\(name)_CONSUMER_KEY}
                  consumer_secret: ${\(name)_CONSUMER_SECRET}
            """
    }

    private static func variable(_ store: PlayStore) -> String { "PLAY_\(word(store.id))" }

    private static func secretVariable(_ org: String) -> String { "PLAY_XERO_\(word(org))_SECRET" }

    private static func word(_ id: String) -> String { String(id.uppercased().map { $0 == "-" ? "_" : $0 }) }
}
