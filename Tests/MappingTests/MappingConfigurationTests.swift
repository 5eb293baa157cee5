import JSON
import Mapping
import Testing

@Suite struct MappingConfigurationTests {
    @Test func `only the account for sales is required`() throws {
        let mapping = try MappingConfiguration(json: ["accounts": ["sales": "200"]])
        #expect(mapping.accounts.shipping == nil)
        #expect(mapping.accounts.fees == nil)
        #expect(mapping.accounts.rounding == nil)
        #expect(mapping.postedStatuses == ["processing", "completed", "refunded"])
        #expect(mapping.voidedStatuses == ["cancelled", "failed"])
        #expect(mapping.guests == .each)
        #expect(mapping.amountOnlyRefunds == .hold)
        #expect(mapping.termsDays == 0)
    }

    @Test func `everything can be said`() throws {
        let mapping = try MappingConfiguration(json: [
            "accounts": [
                "sales": 200, "shipping": "201", "fees": "202", "rounding": "860", "refunds": "210",
                "gift_cards": "850",
            ],
            "taxes": ["10.0": "OUTPUT", "7.50%": "STATE", "US-CA-STATE TAX": "STATE2", "default": "NONE"],
            "payments": ["stripe": "090", "default": 91],
            "statuses": ["post": ["wc-completed", "on-hold"], "void": ["cancelled"], "ignore": ["failed"]],
            "contacts": ["guests": "shared"], "refunds": ["amount_only": "proportional"], "terms_days": 14,
        ])
        #expect(mapping.accounts.sales == "200")
        #expect(mapping.accounts.giftCards == "850")
        #expect(mapping.taxes == ["10": "OUTPUT", "7.5": "STATE", "US-CA-STATE TAX": "STATE2", "default": "NONE"])
        #expect(mapping.payments == ["stripe": "090", "default": "91"])
        #expect(mapping.postedStatuses == ["completed", "on-hold"])
        #expect(mapping.voidedStatuses == ["cancelled"])
        #expect(mapping.guests == .shared)
        #expect(mapping.amountOnlyRefunds == .proportional)
        #expect(mapping.termsDays == 14)
    }

    @Test(arguments: [
        ("[]", "mapping", "keys with values"),
        ("{}", "mapping.accounts.sales", "is missing"),
        (#"{"accounts":{"sales":"200","shiping":"1"}}"#, "mapping.accounts.shiping", "did you mean shipping?"),
        (#"{"acounts":{"sales":"200"}}"#, "mapping.acounts", "did you mean accounts?"),
        (#"{"accounts":{"sales":"200"},"colour":1}"#, "mapping.colour", "there are rules, accounts, taxes"),
        (#"{"accounts":"200"}"#, "mapping.accounts", "not a string"),
        (#"{"accounts":{"sales":""}}"#, "mapping.accounts.sales", "account's code"),
        (#"{"accounts":{"sales":"12345678901"}}"#, "mapping.accounts.sales", "1 to 10"),
        (#"{"accounts":{"sales":20.5}}"#, "mapping.accounts.sales", "account's code"),
        (#"{"accounts":{"sales":"200"},"taxes":{"10":null}}"#, "mapping.taxes.10", "tax type"),
        (#"{"accounts":{"sales":"200"},"taxes":{"10":"A","10.0":"B"}}"#, "mapping.taxes.10.0", "listed twice"),
        (#"{"accounts":{"sales":"200"},"payments":{"stripe":[]}}"#, "mapping.payments.stripe", "account's code"),
        (#"{"accounts":{"sales":"200"},"statuses":{"post":"completed"}}"#, "mapping.statuses.post", "a list"),
        (#"{"accounts":{"sales":"200"},"statuses":{"post":[1]}}"#, "mapping.statuses.post[1]", "a status"),
        (
            #"{"accounts":{"sales":"200"},"statuses":{"post":["a"],"void":["a"]}}"#, "mapping.statuses.void",
            "listed twice"
        ),
        (#"{"accounts":{"sales":"200"},"contacts":{"guests":"none"}}"#, "mapping.contacts.guests", "each or shared"),
        (#"{"accounts":{"sales":"200"},"contacts":{"identity":"email"}}"#, "mapping.contacts.identity", "store or org"),
        (
            #"{"accounts":{"sales":"200"},"contacts":{"identty":"org"}}"#, "mapping.contacts.identty",
            "did you mean identity?"
        ),
        (
            #"{"accounts":{"sales":"200"},"refunds":{"amount_only":"guess"}}"#, "mapping.refunds.amount_only",
            "hold or proportional"
        ),
        (#"{"accounts":{"sales":"200"},"terms_days":-1}"#, "mapping.terms_days", "0 to 365"),
        (#"{"accounts":{"sales":"200"},"terms_days":1.5}"#, "mapping.terms_days", "0 to 365"),
    ])
    func `a mistake is named with its path`(text: String, path: String, message: String) throws {
        let json = try JSONValue(parsing: text)
        let error = try #require(#expect(throws: MappingError.self) { try MappingConfiguration(json: json) })
        #expect(error.problems.first?.path.description == path)
        #expect(error.problems.first?.message.contains(message) == true)
    }

    @Test func `every mistake is named, not the first alone`() throws {
        let json: JSONValue = [
            "accounts": ["sales": []], "taxes": ["10": ""], "terms_days": "soon", "rules": [["name": "A"], 3],
        ]
        let error = try #require(#expect(throws: MappingError.self) { try MappingConfiguration(json: json) })
        #expect(
            error.problems.map(\.path.description) == [
                "mapping.accounts.sales", "mapping.taxes.10", "mapping.terms_days", "mapping.rules[1].then",
                "mapping.rules[2]", "mapping.rules[2].name", "mapping.rules[2].then",
            ])
    }

    @Test func `a store's rules come before its org's`() {
        let merged = MappingConfiguration.merged(org: ["rules": ["a", "b"]], store: ["rules": ["c"]])
        #expect(merged == ["rules": ["c", "a", "b"]])
    }

    @Test func `a store's mapping overrides its org's key by key`() {
        let org: JSONValue = [
            "accounts": ["sales": "200", "fees": "202"], "statuses": ["post": ["a", "b"]], "terms_days": 7,
        ]
        let store: JSONValue = ["accounts": ["sales": "210"], "statuses": ["post": ["c"]]]
        #expect(
            MappingConfiguration.merged(org: org, store: store) == [
                "accounts": ["sales": "210", "fees": "202"], "statuses": ["post": ["c"]], "terms_days": 7,
            ])
        #expect(MappingConfiguration.merged(org: org, store: nil) == org)
        #expect(MappingConfiguration.merged(org: nil, store: store) == store)
    }
}
