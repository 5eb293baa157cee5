/// Where services and simulators that somebody else runs are reached. The services must reach the simulators at the same
/// addresses, since those are what the play writes into the configuration.
struct Attachment: Sendable, Equatable {
    /// The simulated Xero, without a trailing slash.
    let xeroURL: String
    /// The simulated storefronts.
    let storefrontURL: String
    /// Where ingest receives webhooks.
    let ingestURL: String

    /// Takes the addresses as typed.
    init(xero: String, storefront: String, ingest: String) {
        xeroURL = Self.trimmed(xero)
        storefrontURL = Self.trimmed(storefront)
        ingestURL = Self.trimmed(ingest)
    }

    private static func trimmed(_ url: String) -> String {
        url.hasSuffix("/") ? String(url.dropLast()) : url
    }
}
