/// What is known of payment methods by their names.
struct PaymentMethodWords {
    /// How money moves.
    enum Kind: CaseIterable {
        case card, bank, cash, cheque

        /// What accounts for it are named by.
        var accountWords: [String] {
            switch self {
            case .card: ["card", "karte", "kreditkarte", "carte banc", "tarjeta", "eftpos", "merchant", "gateway"]
            case .bank:
                [
                    "bank transfer", "transfer", "bank", "business account", "current account", "cheque account",
                    "checking", "girokonto", "operating", "everyday",
                ]
            case .cash: ["cash", "kasse", "caisse", "caja", "cassa"]
            case .cheque: ["cheque", "check clearing", "undeposited"]
            }
        }

        /// What methods of it are named by.
        var methodWords: [String] {
            switch self {
            case .card: ["card", "karte", "carte", "tarjeta", "visa", "mastercard", "apple pay", "google pay"]
            case .bank:
                [
                    "bacs", "bank", "transfer", "direct deposit", "direct debit", "eft", "wire", "sepa", "vorkasse",
                    "uberweisung", "virement", "ideal", "payid",
                ]
            case .cash: ["cash", "cod ", "nachnahme", "contant", "efectivo"]
            case .cheque: ["cheque", "check"]
            }
        }

        var words: String {
            switch self {
            case .card: "cards"
            case .bank: "the bank"
            case .cash: "cash"
            case .cheque: "cheques"
            }
        }
    }

    /// A payment service.
    private struct Brand {
        var name: String
        var methodWords: [String]
        var accountWords: [String]
        var kind: Kind?
    }

    private static func brand(_ name: String, _ words: [String] = [], in accounts: [String] = [], _ kind: Kind? = nil)
        -> Brand
    {
        let own = [NameWords.fold(name)]
        return Brand(name: name, methodWords: own + words, accountWords: own + accounts, kind: kind)
    }

    private static let brands = [
        brand("WooPayments", ["woocommerce payments"], in: ["woocommerce", "woo pay"], .card),
        brand("Shopify Payments", in: ["shopify"], .card), brand("Stripe", [], in: [], .card),
        brand("PayPal", ["ppcp", "ppec"]), brand("Square", [], in: [], .card), brand("Braintree", [], in: [], .card),
        brand("Adyen", [], in: [], .card), brand("Worldpay", [], in: [], .card), brand("Mollie", [], in: [], .card),
        brand("eWAY", [], in: [], .card), brand("Opayo", ["sagepay", "sage pay"], in: ["sage pay", "sagepay"], .card),
        brand("Windcave", ["payment express"], in: ["payment express"], .card), brand("Tyro", [], in: [], .card),
        brand("Authorize.net", ["authorize net", "authorizenet"], in: ["authorize"], .card),
        brand("Afterpay", ["clearpay"], in: ["clearpay"]), brand("Klarna"), brand("Zip", ["zipmoney", "zip pay"]),
        brand("Laybuy"), brand("Humm"), brand("Affirm"), brand("Sezzle"), brand("Openpay"),
        brand("Amazon Pay", ["amazon"], in: ["amazon"]), brand("GoCardless", [], in: [], .bank),
    ]

    private static let clearingWords = [
        "clearing", "settlement", "undeposited", "verrechnung", "geldtransit", "in transit", "attente", "puente",
        "tussenrekening", "kruispost",
    ]
    private static let webWords = ["online", "web", "shop", "payment", "merchant", "gateway", "ecommerce"]
    private static let otherWords = [
        "saving", "loan", "petty", "payroll", "wages", "term deposit", "tax", "mortgage", "owner", "director",
        "credit card", "gift", "voucher", "store credit",
    ]

    /// What customers call it.
    let title: String
    /// What an account for it would be named.
    let accountName: String
    private let brand: Brand?
    private let kind: Kind?
    private let ownWord: String?

    /// - Parameters:
    ///   - method: The storefront's id of the method; empty for payments in general.
    ///   - title: What customers see.
    init(method: String, title: String) {
        let name = "\(method) \(title)"
        let brand = Self.brands.first { NameWords.fits(name, $0.methodWords) != nil }
        kind = brand?.kind ?? (brand == nil ? Kind.allCases.first { NameWords.fits(name, $0.methodWords) != nil } : nil)
        self.brand = brand
        let fallback = title.isEmpty ? method : title
        self.title = fallback
        let words = NameWords.fold(fallback).split(separator: " ")
        ownWord = brand == nil && kind == nil ? words.first { $0.count >= 4 }.map(String.init) : nil
        let short = brand?.name ?? (words.count <= 3 ? fallback : method)
        accountName = "\(short.isEmpty ? "Web Payments" : short) Clearing"
    }

    /// What an account's name says about whether it is for the method.
    func evidence(_ name: String) -> [Evidence] {
        let isClearing = NameWords.fits(name, Self.clearingWords) != nil
        var evidence: [Evidence] = []
        if let brand, NameWords.fits(name, brand.accountWords) != nil {
            evidence.append(Evidence(60, "named for \(brand.name)"))
        } else if let ownWord, NameWords.fits(name, [ownWord]) != nil {
            evidence.append(Evidence(60, "named like the payment method"))
        } else if Self.brands.contains(where: { NameWords.fits(name, $0.accountWords) != nil }) {
            evidence.append(Evidence(-80, ""))
        } else if let kind, NameWords.fits(name, kind.accountWords) != nil {
            evidence.append(Evidence(35, "named for \(kind.words)"))
        } else if Kind.allCases.contains(where: { $0 != kind && NameWords.fits(name, $0.accountWords) != nil }) {
            evidence.append(Evidence(-25, ""))
        }
        if isClearing { evidence.append(Evidence(25, "a clearing account")) }
        if NameWords.fits(name, Self.webWords) != nil { evidence.append(Evidence(15, "named for payments on the web")) }
        let others = Self.otherWords.filter { !isClearing || $0 != "credit card" }
        if NameWords.fits(name, others) != nil { evidence.append(Evidence(-60, "")) }
        return evidence
    }

    /// Whether an account is one for money on its way.
    static func isClearing(_ name: String) -> Bool { NameWords.fits(name, clearingWords) != nil }
}
