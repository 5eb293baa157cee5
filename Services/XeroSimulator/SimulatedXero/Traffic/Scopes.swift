import Crypto
import JSON

/// What apps may ask for, and how they prove that they asked.
enum Scopes {
    /// What writing orders needs.
    static let usual = "accounting.invoices accounting.payments accounting.contacts accounting.settings.read"

    /// Whether every scope is one that apps of 2026 may ask for; the broad ones of old are not.
    static func areGranular(_ scopes: String) -> Bool {
        scopes.split(separator: " ").allSatisfy { scope in
            let name = scope.hasSuffix(".read") ? scope.dropLast(5) : scope
            return known.contains(String(name))
        }
    }

    private static let known: Set<String> = [
        "openid", "profile", "email", "offline_access", "app.connections", "accounting.invoices",
        "accounting.payments", "accounting.banktransactions", "accounting.manualjournals", "accounting.contacts",
        "accounting.settings", "accounting.attachments",
    ]

    /// What a proof key hashes to.
    static func challenge(_ verifier: String) -> String {
        Base64.encodeForURL(Array(SHA256.hash(data: Array(verifier.utf8))))
    }
}
