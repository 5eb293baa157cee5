/// How payouts of a provider are posted: one entry of `payouts:` of the mapping.
public struct PayoutSettings: Sendable, Hashable {
    /// The account that the net goes into; the clearing account of the payment method of the same name unless given.
    public var account: String?
    /// The account of the provider's fees.
    public var fees: String?
    /// The tax type of the fees; they are outside tax unless given.
    public var feeTax: String?
    /// The account of what is neither sale nor fee, such as reserves.
    public var adjustments: String?
    /// The name of the contact; `Payouts of PROVIDER` unless given.
    public var contact: String?

    /// Makes settings.
    public init(
        account: String? = nil, fees: String? = nil, feeTax: String? = nil, adjustments: String? = nil,
        contact: String? = nil
    ) {
        self.account = account
        self.fees = fees
        self.feeTax = feeTax
        self.adjustments = adjustments
        self.contact = contact
    }

    static let keys = ["account", "fees", "fee_tax", "adjustments", "contact"]

    init(_ reader: MappingReader) {
        account = reader.account("account")
        fees = reader.account("fees")
        adjustments = reader.account("adjustments")
        feeTax = reader["fee_tax"] == nil ? nil : reader.word("fee_tax", what: "a tax type, such as INPUT", limit: 50)
        contact =
            reader["contact"] == nil
            ? nil : reader.word("contact", what: "a contact's name, such as \"Stripe\"", limit: 200)
    }

    /// These settings where they say something, else the others.
    func or(_ other: PayoutSettings) -> PayoutSettings {
        PayoutSettings(
            account: account ?? other.account, fees: fees ?? other.fees, feeTax: feeTax ?? other.feeTax,
            adjustments: adjustments ?? other.adjustments, contact: contact ?? other.contact)
    }
}

extension MappingConfiguration {
    static func payouts(_ reader: MappingReader) -> [String: PayoutSettings] {
        var payouts: [String: PayoutSettings] = [:]
        for key in reader.keys {
            let name = key.lowercased()
            if payouts[name] != nil { reader.report(key, "the provider \(name) is listed twice") }
            payouts[name] = PayoutSettings(reader.object(key, keys: PayoutSettings.keys))
        }
        return payouts
    }

    /// How payouts of a provider are posted: its own settings, then `default`'s, then the clearing account of its name.
    public func payoutSettings(of provider: String) -> PayoutSettings {
        let cleared = payments.first { $0.key.lowercased() == provider }?.value ?? payments["default"]
        return (payouts[provider] ?? PayoutSettings()).or(payouts["default"] ?? PayoutSettings())
            .or(PayoutSettings(account: cleared))
    }
}
