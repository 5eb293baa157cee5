public import JSON

/// How an organisation of the simulated Xero is set up.
public struct OrganisationDefinition: Sendable, Equatable {
    /// A short name; it is also the client id of the organisation's custom connection.
    public var key: String
    /// The secret of the custom connection; by default the key followed by `-secret`.
    public var clientSecret: String
    /// The name people see.
    public var name: String
    /// `AU`, `NZ`, `GB`, `US` or another country's two letters; it decides the tax rates.
    public var country: String
    /// The base currency, three letters.
    public var currency: String
    /// Further currencies the organisation has enabled.
    public var otherCurrencies: [String]
    /// The time zone by its IANA name, such as `Australia/Sydney`.
    public var timeZone: String
    /// The period lock date (`2026-01-31`), or none.
    public var periodLockDate: String?
    /// The end of year lock date, or none.
    public var endOfYearLockDate: String?
    /// Tax rates beside those of the country: tax type, name, percent as text.
    public var extraTaxRates: [ExtraTaxRate]

    /// A tax rate an organisation made for itself.
    public struct ExtraTaxRate: Sendable, Equatable {
        /// The tax type, such as `TAX001`.
        public var taxType: String
        /// The name people see.
        public var name: String
        /// The percentage as text, such as `8.25`.
        public var percent: String

        /// Makes a rate from its parts.
        public init(taxType: String, name: String, percent: String) {
            self.taxType = taxType
            self.name = name
            self.percent = percent
        }
    }

    /// Makes a definition; what is left out follows from the country.
    public init(key: String, country: String = "AU", currency: String? = nil, timeZone: String? = nil) {
        let usual = Self.usual[country] ?? ("USD", "UTC")
        self.key = key
        clientSecret = "\(key)-secret"
        name = "\(key) (simulated)"
        self.country = country
        self.currency = currency ?? usual.currency
        otherCurrencies = ["AUD", "NZD", "GBP", "USD", "EUR"].filter { $0 != (currency ?? usual.currency) }
        self.timeZone = timeZone ?? usual.timeZone
        extraTaxRates = []
    }

    /// Reads `KEY[:COUNTRY[:CURRENCY[:TIMEZONE]]]`.
    public init?(commandLine text: String) {
        let parts = text.split(separator: ":", maxSplits: 3).map(String.init)
        guard let key = parts.first, Self.isKey(key) else { return nil }
        self.init(
            key: key, country: parts.count > 1 ? parts[1].uppercased() : "AU",
            currency: parts.count > 2 ? parts[2].uppercased() : nil, timeZone: parts.count > 3 ? parts[3] : nil)
    }

    /// Reads a definition as the control interface takes it: everything but the key is optional.
    public init?(key: String, json: JSONObject) {
        guard Self.isKey(key) else { return nil }
        self.init(
            key: key, country: json["country"]?.string ?? "AU", currency: json["currency"]?.string,
            timeZone: json["time_zone"]?.string)
        clientSecret = json["client_secret"]?.string ?? clientSecret
        name = json["name"]?.string ?? name
        if let listed = json["currencies"]?.array { otherCurrencies = listed.compactMap(\.string) }
        periodLockDate = json["period_lock_date"]?.string
        endOfYearLockDate = json["end_of_year_lock_date"]?.string
        extraTaxRates = (json["tax_rates"]?.array ?? []).compactMap { rate in
            guard let type = rate["type"]?.string, let percent = rate["percent"]?.decimalText else { return nil }
            return ExtraTaxRate(taxType: type, name: rate["name"]?.string ?? type, percent: percent)
        }
    }

    /// The definition as the control interface shows it.
    public var json: JSONValue {
        var object: JSONObject = [
            "key": .string(key), "client_secret": .string(clientSecret), "name": .string(name),
            "country": .string(country), "currency": .string(currency),
            "currencies": .array(otherCurrencies.map { .string($0) }), "time_zone": .string(timeZone),
        ]
        if let periodLockDate { object["period_lock_date"] = .string(periodLockDate) }
        if let endOfYearLockDate { object["end_of_year_lock_date"] = .string(endOfYearLockDate) }
        object["tax_rates"] = .array(
            extraTaxRates.map {
                ["type": .string($0.taxType), "name": .string($0.name), "percent": .string($0.percent)]
            })
        return .object(object)
    }

    private static let usual: [String: (currency: String, timeZone: String)] = [
        "AU": ("AUD", "Australia/Sydney"), "NZ": ("NZD", "Pacific/Auckland"), "GB": ("GBP", "Europe/London"),
        "US": ("USD", "America/New_York"), "IE": ("EUR", "Europe/Dublin"), "DE": ("EUR", "Europe/Berlin"),
    ]

    private static func isKey(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
