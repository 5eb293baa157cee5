/// Compares names of accounts and tax rates with the words that people use for something, in a few languages.
enum NameWords {
    /// Words for one thing: a word fits where a name has it at the beginning of one of its own words; long ones anywhere, as
    /// in German compounds.
    static func fits(_ name: String, _ words: [String]) -> String? {
        let folded = " \(fold(name)) "
        return words.first { word in folded.contains(" \(word)") || word.count >= 6 && folded.contains(word) }
    }

    /// Small letters and digits without accents, one blank between words.
    static func fold(_ text: String) -> String {
        var folded = ""
        for character in text.lowercased() {
            if let plain = plain[character] {
                folded += plain
            } else if let first = character.unicodeScalars.first, character.isLetter || character.isNumber {
                // A letter with a combining mark is the letter.
                folded.unicodeScalars.append(first)
            } else if folded.last != " ", !folded.isEmpty {
                folded += " "
            }
        }
        if folded.last == " " { folded.removeLast() }
        return folded
    }

    private static let plain: [Character: String] = {
        var plain: [Character: String] = ["ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d"]
        let accented = [
            "a": "àáâãäåąă", "c": "çćč", "d": "ď", "e": "èéêëęěė", "g": "ğ", "i": "ìíîïı", "l": "ľ", "n": "ñńň",
            "o": "òóôõöő", "r": "řŕ", "s": "śšşș", "t": "ťţț", "u": "ùúûüůű", "y": "ýÿ", "z": "źżž",
        ]
        for (letter, characters) in accented {
            for character in characters { plain[character] = letter }
        }
        return plain
    }()
}

/// What a line's account is named by.
struct AccountVocabulary: Sendable {
    /// Names that say exactly this, names that say it, and names that may mean it.
    var exact: [String] = []
    var plain: [String]
    var vague: [String] = []
    /// Words that say it is for something else.
    var not: [String] = []

    static let sales = AccountVocabulary(
        exact: ["online", "web sale", "webshop", "internet sale", "e commerce", "ecommerce", "shop sale"],
        plain: [
            "sale", "erlos", "umsatz", "verkauf", "vente", "ventas", "vendite", "omzet", "vendas", "forsaljning",
            "salg",
            "myynti", "sprzedaz",
        ],
        vague: ["revenue", "income", "turnover", "ertrag", "produits", "ingresos", "ricavi", "opbrengst", "trading"],
        not: shipping.plain + giftCards.plain + refunds.plain + [
            "other", "interest", "discount", "fee", "surcharge", "commission", "tip", "rent", "dividend", "grant",
            "rounding", "gain", "loss", "consult", "asset", "wholesale", "subscription", "sonstige", "zins", "autres",
            "otros", "altri", "overige", "rabatt", "skonto", "cost of",
        ])
    static let shipping = AccountVocabulary(plain: [
        "shipping", "freight", "delivery", "postage", "carriage", "courier", "versand", "fracht", "porto", "livraison",
        "frais de port", "envio", "spedizion", "verzend", "frakt", "frete",
    ])
    static let fees = AccountVocabulary(
        exact: ["surcharge", "fee income", "handling"],
        plain: ["fee", "gebuhr", "frais", "comision", "commissioni", "toeslag"], not: shipping.plain + tips.plain)
    static let tips = AccountVocabulary(plain: [
        "tip", "gratuit", "trinkgeld", "pourboire", "propina", "mancia", "fooi", "drikspenge",
    ])
    static let giftCards = AccountVocabulary(plain: [
        "gift", "voucher", "gutschein", "cadeau", "regalo", "presentkort", "gavekort",
    ])
    static let storeCredit = AccountVocabulary(plain: [
        "store credit", "shop credit", "customer credit", "guthaben", "avoir client", "credito client", "tegoed",
    ])
    static let refunds = AccountVocabulary(plain: [
        "refund", "sales return", "returns", "retoure", "rembours", "devolucion", "resi su", "retouren",
    ])

    /// How well a name says it: points, and the words for why.
    func evidence(_ name: String, for purpose: String) -> Evidence? {
        if NameWords.fits(name, not) != nil { return nil }
        if NameWords.fits(name, exact) != nil { return Evidence(65, "its name says \(purpose)") }
        if NameWords.fits(name, plain) != nil { return Evidence(55, "its name says \(purpose)") }
        if NameWords.fits(name, vague) != nil { return Evidence(25, "its name may mean \(purpose)") }
        return nil
    }
}
