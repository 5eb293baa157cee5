import Accounting
import JSON
import Testing

@testable import Ledger

@Suite("A configuration file")
struct ConfigurationFileTests {
    static let example = """
        apps:
          books:
            client_id: 1234
            client_secret: ${XERO_CLIENT_SECRET}
            type: custom_connection
        orgs:
          demo:
            app: books
            daily_calls: 5000
            time_zone: Australia/Sydney
            mapping:
              accounts: { sales: "200", shipping: "201", fees: "202", rounding: "860", refunds: "200" }
              taxes: { "10": OUTPUT, "0": EXEMPTOUTPUT }
              payments: { default: "090" }
              statuses: { post: [processing, completed, refunded], void: [cancelled, failed] }
        stores:
          shop:
            platform: woocommerce
            org: demo
            url: https://shop.example/
            since: 2026-07-01
            number_prefix: SHOP-
            sweep_seconds: 60
            credentials:
              webhook_secret: ${SHOP_WEBHOOK_SECRET}
              consumer_key: ck_literal
              consumer_secret: ${SHOP_CONSUMER_SECRET}
            mapping:
              accounts: { sales: "210" }
        """

    static let environment = [
        "XERO_CLIENT_SECRET": "very-secret", "SHOP_WEBHOOK_SECRET": "hook", "SHOP_CONSUMER_SECRET": "cs",
    ]

    static func parse(_ yaml: String, _ environment: [String: String] = environment) throws -> ConfigurationFile {
        try ConfigurationFile(yaml: yaml) { environment[$0] }
    }

    static func problems(_ yaml: String) -> [String] {
        do {
            _ = try parse(yaml)
            return []
        } catch let error as ConfigurationFileError {
            return error.problems.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    @Test("gives apps, orgs and stores with references resolved and defaults filled in")
    func parses() throws {
        let file = try Self.parse(Self.example)
        #expect(file.apps.map(\.id) == ["books"])
        #expect(file.apps[0].clientID == "1234")
        #expect(file.apps[0].clientSecret == "very-secret")
        #expect(file.apps[0].kind == .customConnection)
        #expect(file.orgs[0].dailyCalls == 5000)
        let store = try #require(file.stores.first)
        #expect(store.url == "https://shop.example")
        #expect(store.webhookSecret == "hook")
        #expect(store.consumerKey == "ck_literal")
        #expect(store.rereadSeconds == [10, 300])
        #expect(store.since.rfc3339.hasPrefix("2026-06-30T14:00:00"), "midnight in Sydney")
        #expect(file.mergedMapping(of: store)["accounts"]?["sales"] == "210")
        #expect(file.mergedMapping(of: store)["accounts"]?["shipping"] == "201")
    }

    @Test("is kept with its references as they stand and its literal secrets masked")
    func masks() throws {
        let document = try Self.parse(Self.example).maskedDocument
        #expect(document.contains("${XERO_CLIENT_SECRET}"))
        #expect(!document.contains("very-secret"))
        #expect(!document.contains("ck_literal"))
        #expect(document.contains("consumer_key: '********'") || document.contains("consumer_key: ********"))
    }

    @Test("masks a secret of which only a part is a reference")
    func masksPartialReferences() throws {
        let yaml = Self.example.replacing("ck_literal", with: "ck_${SHOP_CONSUMER_SECRET}")
        let file = try Self.parse(yaml)
        #expect(file.stores[0].consumerKey == "ck_cs")
        #expect(!file.maskedDocument.contains("ck_"))
    }

    @Test("keeps a dollar sign that is written twice")
    func escapesReferences() throws {
        let yaml = Self.example.replacing("ck_literal", with: "ck_$${NOT}")
        #expect(try Self.parse(yaml).stores[0].consumerKey == "ck_${NOT}")
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let replace: String
        let with: String
        let says: String
    }

    static let mistakes: [Mistake] = [
        Mistake(
            testDescription: "an unknown org", replace: "org: demo", with: "org: demoo",
            says: "line 19: stores.shop.org: there is no org 'demoo' below orgs:; did you mean 'demo'?"),
        Mistake(
            testDescription: "an unknown app", replace: "app: books", with: "app: boks",
            says: "line 8: orgs.demo.app: there is no app 'boks' below apps:; did you mean 'books'?"),
        Mistake(
            testDescription: "an unknown key", replace: "sweep_seconds: 60", with: "sweep_second: 60",
            says: "line 23: stores.shop.sweep_second: there is no such setting; did you mean 'sweep_seconds'?"),
        Mistake(
            testDescription: "an unknown platform", replace: "platform: woocommerce", with: "platform: woo",
            says: "line 18: stores.shop.platform: 'woo' is not known; did you mean 'woocommerce'?"),
        Mistake(
            testDescription: "a missing start", replace: "    since: 2026-07-01\n", with: "",
            says: "line 17: stores.shop.since: missing; orders created earlier are left alone"),
        Mistake(
            testDescription: "a start that is no date", replace: "since: 2026-07-01", with: "since: July",
            says: "line 21: stores.shop.since: 'July' is no date; write one like 2026-07-01"),
        Mistake(
            testDescription: "credentials in the address", replace: "https://shop.example/",
            with: "https://ck_1:cs_2@shop.example",
            says: "line 20: stores.shop.url: an address must hold no user name or password"),
        Mistake(
            testDescription: "an address of another scheme", replace: "https://shop.example/",
            with: "ftp://shop.example",
            says: "line 20: stores.shop.url: 'ftp' is no scheme for a shop"),
        Mistake(
            testDescription: "an address with a query", replace: "https://shop.example/",
            with: "https://shop.example/?consumer_secret=x",
            says: "line 20: stores.shop.url: an address must end with its path"),
        Mistake(
            testDescription: "a store called xero", replace: "  shop:", with: "  xero:",
            says: "line 17: stores.xero: no store can be called 'xero'"),
        Mistake(
            testDescription: "an id with capitals", replace: "  shop:", with: "  Shop_1:",
            says: "line 17: stores.Shop_1: 'Shop_1' is no id; an id has 1 to 32 small letters, digits and hyphens"),
        Mistake(
            testDescription: "a reference to nothing", replace: "${XERO_CLIENT_SECRET}", with: "${XERO_SECRET}",
            says: "line 4: apps.books.client_secret: the environment variable XERO_SECRET is not set"),
        Mistake(
            testDescription: "a reference that is none", replace: "${XERO_CLIENT_SECRET}", with: "${XERO CLIENT}",
            says: "line 4: apps.books.client_secret: '${XERO CLIENT}' is no reference"),
        Mistake(
            testDescription: "an app of an unknown type", replace: "type: custom_connection", with: "type: custom",
            says: "line 5: apps.books.type: 'custom' is not known; did you mean 'custom_connection'?"),
        Mistake(
            testDescription: "a budget that is no number", replace: "daily_calls: 5000", with: "daily_calls: lots",
            says: "line 9: orgs.demo.daily_calls: 'lots' is not a whole number from 1 to 1000000"),
        Mistake(
            testDescription: "rounds that are further apart than a day", replace: "daily_calls: 5000",
            with: "policies: { write_every_minutes: 2000 }",
            says: "line 9: orgs.demo.policies.write_every_minutes: '2000' is not a whole number from 0 to 1440"),
        Mistake(
            testDescription: "a policy that does not exist", replace: "daily_calls: 5000",
            with: "policies: { write_every_minute: 20 }", says: "did you mean 'write_every_minutes'?"),
        Mistake(
            testDescription: "an unknown time zone", replace: "Australia/Sydney", with: "Australia/Sidney",
            says: "line 10: orgs.demo.time_zone: 'Australia/Sidney' is no time zone; did you mean 'Australia/Sydney'?"),
        Mistake(
            testDescription: "a tenant where none belongs", replace: "daily_calls: 5000",
            with: "tenant: 45e4708e-d862-4111-ab3a-dd8cd03913e1",
            says: "line 9: orgs.demo.tenant: a custom connection reaches one organisation and needs no tenant"),
        Mistake(
            testDescription: "an unknown policy", replace: "daily_calls: 5000",
            with: "policies:\n      archived_contact: restore",
            says:
                "line 10: orgs.demo.policies.archived_contact: there is no such setting; did you mean 'archived_contacts'?"
        ),
        Mistake(
            testDescription: "a policy's unknown word", replace: "daily_calls: 5000",
            with: "policies:\n      archived_contacts: replaced\n      changed_customers: keep",
            says: "line 10: orgs.demo.policies.archived_contacts: 'replaced' is not known; did you mean 'replace'?"),
        Mistake(
            testDescription: "a redirect that Xero does not take", replace: "type: custom_connection",
            with: "redirect: http://127.0.0.1:8095/\n    type: web",
            says: "apps.books.redirect: Xero takes https addresses, and http://localhost (not 127.0.0.1)"),
        Mistake(
            testDescription: "a missing secret", replace: "      webhook_secret: ${SHOP_WEBHOOK_SECRET}\n", with: "",
            says: "line 24: stores.shop.credentials.webhook_secret: missing"),
        Mistake(
            testDescription: "an empty secret", replace: "${SHOP_WEBHOOK_SECRET}", with: "\"\"",
            says: "line 25: stores.shop.credentials.webhook_secret: this is empty"),
        Mistake(
            testDescription: "a prefix that belongs to credit notes", replace: "number_prefix: SHOP-",
            with: "number_prefix: CN-",
            says: "line 22: stores.shop.number_prefix: CN- begins the numbers of credit notes"),
        Mistake(
            testDescription: "a key written twice", replace: "sweep_seconds: 60", with: "url: https://b.example",
            says: "written twice in the mapping that begins here: 'url'"),
        Mistake(
            testDescription: "a list where keys belong", replace: "      accounts: { sales: \"210\" }",
            with: "      - sales",
            says: "line 28: stores.shop.mapping: this must be keys with values"),
        Mistake(
            testDescription: "what is not YAML", replace: "stores:", with: "stores: [",
            says: "this is not YAML"),
        Mistake(
            testDescription: "an unknown section", replace: "stores:", with: "shops:",
            says: "line 16: shops: there is no such setting; valid are: apps, orgs, stores"),
    ]

    @Test("with a mistake is refused with its line, its path and what would be right", arguments: mistakes)
    func refuses(_ mistake: Mistake) throws {
        try #require(Self.example.contains(mistake.replace))
        let problems = Self.problems(Self.example.replacing(mistake.replace, with: mistake.with))
        #expect(problems.contains { $0.contains(mistake.says) }, "\(problems)")
    }

    @Test("with several mistakes names them all, in the order of the file")
    func namesAll() {
        let yaml = Self.example.replacing("app: books", with: "app: x").replacing(
            "platform: woocommerce", with: "platform: x")
        #expect(Self.problems(yaml).map { $0.prefix(7) } == ["line 8:", "line 18"])
    }

    @Test("that is empty or lacks a section is refused, so that nothing is removed by accident")
    func needsSections() {
        #expect(Self.problems("").first?.contains("the file is empty") == true)
        #expect(Self.problems("apps: {}\norgs: {}").contains { $0.contains("stores: this section is missing") })
        #expect(Self.problems("apps: {}\norgs: {}\nstores: {}").isEmpty)
    }

    @Test(
        "in which two stores could make the same document number is refused",
        arguments: [
            ("A-", "A-", true), ("A-", "a-", true), ("A", "A1", true), ("A-", "A-EU-", false), ("A-", "B-", false),
        ])
    func prefixes(_ first: String, _ second: String, _ clash: Bool) {
        let yaml =
            Self.example.replacing("number_prefix: SHOP-", with: "number_prefix: \(first)") + "\n" + """
                  other:
                    platform: woocommerce
                    org: demo
                    url: https://other.example
                    since: 2026-07-01
                    number_prefix: \(second)
                    credentials: { webhook_secret: a, consumer_key: b, consumer_secret: c }
                """
        #expect(Self.problems(yaml).contains { $0.contains("number_prefix") } == clash, "\(Self.problems(yaml))")
    }

    @Test("shows what changes without showing a secret")
    func changes() throws {
        let old = try Self.parse(Self.example)
        let yaml = Self.example.replacing("sweep_seconds: 60", with: "sweep_seconds: 90")
            .replacing("sales: \"210\"", with: "sales: \"211\"").replacing("ck_literal", with: "ck_other")
        let new = try Self.parse(yaml)
        let stored = Dictionary(uniqueKeysWithValues: old.entries.map { ("\($0.kind) \($0.id)", $0) })
        let changes = new.entries.compactMap { $0.change(from: stored["\($0.kind) \($0.id)"]) }
        #expect(
            changes.map(\.description) == [
                "changed store shop: mapping.accounts.sales: 210 -> 211, sweep_seconds: 60 -> 90, consumer_key changed"
            ])
    }
}
