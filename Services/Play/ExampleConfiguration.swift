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

    /// The environment in which the file's references can be resolved.
    var environment: [String: String] {
        var variables = ["PLAY_XERO_CLIENT_SECRET": "\(Self.orgID)-secret"]
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
          \(Self.orgID):
            client_id: \(Self.orgID)
            client_secret: ${PLAY_XERO_CLIENT_SECRET}
            type: custom_connection
            tier: starter

        orgs:
          \(Self.orgID):
            app: \(Self.orgID)
            daily_calls: \(dailyCalls)
            time_zone: Australia/Sydney
            mapping:
              accounts: { sales: "200", shipping: "201", fees: "202", rounding: "860", refunds: "200", gift_cards: "850" }
              taxes: { "10": OUTPUT, "0": EXEMPTOUTPUT, "15": TAX001, "8.875": TAX002, "15.47375": TAX003, default: OUTPUT }
              payments: { stripe: "090", paypal: "091", bacs: "092", cod: "093", default: "090" }
              statuses: { post: [processing, completed, refunded], void: [cancelled, failed] }
              contacts: { guests: each }
              refunds: { amount_only: hold }
              terms_days: 0

        stores:
        \(stores.map(entry).joined(separator: "\n"))

        """
    }

    private func entry(_ store: PlayStore) -> String {
        let name = Self.variable(store)
        return """
              \(store.id):
                platform: woocommerce
                org: \(Self.orgID)
                url: \(storefrontURL)/\(store.id)
                since: \(store.since)
                number_prefix: \(store.prefix)
                sweep_seconds: 5
                reread_seconds: [2, 10]
                credentials:
                  webhook_secret: ${\(name)_WEBHOOK_SECRET}
                  consumer_key: ${\(name)_CONSUMER_KEY}
                  consumer_secret: ${\(name)_CONSUMER_SECRET}
            """
    }

    private static func variable(_ store: PlayStore) -> String {
        "PLAY_" + String(store.id.uppercased().map { $0 == "-" ? "_" : $0 })
    }
}
