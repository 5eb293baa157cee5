import Accounting

/// The invented shop: what it sells, to whom, at which rates.
enum Catalogue {
    struct Product {
        let id: Int
        let name: String
        let sku: String
    }

    struct Person {
        let customerID: Int
        let firstName: String
        let lastName: String
        let email: String
        let city: String
        let postcode: String
    }

    static let products: [Product] = [
        Product(id: 311, name: "Oak chopping board", sku: "OAK-BOARD"),
        Product(id: 312, name: "Enamel mug, 350 ml", sku: "MUG-350"),
        Product(id: 313, name: "Linen tea towel – natural", sku: "TOWEL-NAT"),
        Product(id: 314, name: "Coffee beans \"Morgenröte\", 1 kg", sku: "BEAN-1000"),
        Product(id: 315, name: "Rope, braided (per metre)", sku: "ROPE-M"),
        Product(id: 316, name: "Honey from the hills, jar", sku: "HONEY-JAR"),
        Product(id: 317, name: "Brass hook 8/10", sku: "HOOK-8"),
        Product(id: 318, name: "Wool blanket 130 × 180", sku: "BLANKET-130"),
        Product(id: 319, name: "Seed packet: cornflower", sku: ""),
        Product(id: 320, name: "Field notebook, dotted", sku: "NOTE-DOT"),
    ]

    static let firstNames = [
        "Ada", "Björn", "Chloé", "Dmitri", "Eleni", "Farid", "Grace", "Hugo", "Ingrid", "Jo", "Kenji", "Łucja", "Maya",
        "Ngaio", "Oisín", "Priya", "Ruth", "Søren", "Tomás", "Wanjiru",
    ]
    static let lastNames = [
        "Abbott", "Brankov", "Castellanos", "Drummond", "Eriksen", "Fairweather", "Gupta", "Horvat", "Iwata", "Jansen",
        "Kowalczyk", "Lindqvist", "Mbeki", "Novák", "O'Rourke", "Pereira",
    ]
    static let cities = [
        ("Fremantle", "6160"), ("Ballarat", "3350"), ("Hobart", "7000"), ("Cairns", "4870"), ("Dubbo", "2830"),
    ]

    static let goods = TaxRate(id: 1, code: "AU-GST-1", label: "GST", percent: ExactDecimal(10))
    static let free = TaxRate(id: 2, code: "AU-GST FREE-1", label: "GST free", percent: ExactDecimal(0))
    static let abroad = TaxRate(id: 3, code: "NZ-GST-1", label: "GST (NZ)", percent: ExactDecimal(15))
    static let federal = TaxRate(id: 4, code: "CA-GST-1", label: "GST (CA)", percent: ExactDecimal(5))
    static let provincial = TaxRate(
        id: 5, code: "CA-QC-QST-2", label: "QST", percent: ExactDecimal(units: 9975, scale: 3), isCompound: true)
    static let local = TaxRate(
        id: 6, code: "US-NY-SALES TAX-1", label: "Sales tax", percent: ExactDecimal(units: 8875, scale: 3))

    /// Payment methods with their titles.
    static let payments = [
        ("stripe", "Credit Card (Stripe)"), ("paypal", "PayPal"), ("bacs", "Direct bank transfer"),
    ]
}
