/// A configuration of one organisation with one WooCommerce store, for tests that apply it.
public enum ShopConfiguration {
    /// The file's text.
    /// - Parameters:
    ///   - sales: the account for sales.
    ///   - tax: the tax type of ten percent.
    ///   - isDryRun: whether nothing of the store may be sent.
    public static func yaml(sales: String = "200", tax: String = "OUTPUT", isDryRun: Bool = false) -> String {
        """
        apps:
          books: { client_id: x, client_secret: y, type: custom_connection }
        orgs:
          acme:
            app: books
            mapping:
              accounts: { sales: "\(sales)" }
              taxes: { "10": \(tax) }
              payments: { default: "090" }
        stores:
          shop:
            platform: woocommerce
            org: acme
            url: https://shop.example
            since: 2026-01-01
            dry_run: \(isDryRun)
            credentials: { webhook_secret: w, consumer_key: ck, consumer_secret: cs }
        """
    }
}
