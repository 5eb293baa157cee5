import JSON
import Mapping
import Testing

@Suite struct MappingChecksTests {
    private static func problems(
        _ rules: String = "[]", accounts: String = #"{"sales":"200"}"#, taxes: String = "{}",
        payments: String = #"{"stripe":"090"}"#, knowing reference: ReferenceData? = nil
    ) throws -> [String] {
        let json = try JSONValue(
            parsing: #"{"accounts":\#(accounts),"taxes":\#(taxes),"payments":\#(payments),"rules":\#(rules)}"#)
        let checks = MappingChecks(
            storeID: "shop", platform: "woocommerce", storeIDs: ["outlet", "shop"], reference: reference)
        let found = checks.problems(in: json)
        return (found.everywhere + found.here).map(\.description)
    }

    private static let reference = ReferenceData(answers: [
        "Accounts": [
            "Accounts": [
                account("090", "Clearing", "BANK", "ASSET"), account("200", "Sales", "REVENUE", "REVENUE"),
                account("210", "Shipping", "REVENUE", "REVENUE"),
                account("290", "Old sales", "REVENUE", "REVENUE", status: "ARCHIVED"),
                account("850", "Gift cards", "CURRLIAB", "LIABILITY", payments: true),
            ]
        ],
        "TaxRates": [
            "TaxRates": [
                ["TaxType": "OUTPUT", "Name": "GST on Income", "EffectiveRate": 10, "CanApplyToExpenses": false],
                ["TaxType": "INPUT", "Name": "GST on Expenses", "EffectiveRate": 10, "CanApplyToRevenue": false],
            ]
        ],
        "TrackingCategories": [
            "TrackingCategories": [["Name": "Channel", "Options": [["Name": "Web"], ["Name": "Market"]]]]
        ],
    ])

    private static func account(
        _ code: String, _ name: String, _ type: String, _ accountClass: String, status: String = "ACTIVE",
        payments: Bool = false
    ) -> JSONValue {
        [
            "Code": .string(code), "Name": .string(name), "Type": .string(type), "Class": .string(accountClass),
            "Status": .string(status), "EnablePaymentsToAccount": .bool(payments),
        ]
    }

    @Test(arguments: [
        (
            #"[{"name":"A","when":{"country":["NZ","AU"]},"then":{"due":1}},{"name":"B","when":{"country":"NZ"},"then":{"due":2}}]"#,
            "mapping.rules[2]: the rule 'B' can never fire: what it decides is decided by rule 'A' before it"
        ),
        (
            #"[{"name":"A","then":{"hold":true}},{"name":"B","when":{"sku":"X"},"then":{"account":"1"}}]"#,
            "mapping.rules[2]: the rule 'B' can never fire: what it decides is decided by rule 'A' before it"
        ),
        (
            #"[{"name":"A","when":{"total":{"range":[10,20]}},"then":{"due":1}},{"name":"B","when":{"total":15},"then":{"due":2}}]"#,
            "mapping.rules[2]: the rule 'B' can never fire"
        ),
        (
            #"[{"name":"A","when":{"status":"draft"},"then":{"due":1}}]"#,
            "mapping.rules[1].when.status: the rule 'A' can never fire: only orders that are"
        ),
        (#"[{"name":"A","when":{"store":"shp"},"then":{"due":1}}]"#, "no store 'shp' in this org; did you mean shop?"),
        (#"[{"name":"A","when":{"category":"Books"},"then":{"account":"1"}}]"#, "do not name categories"),
        (#"[{"name":"A","when":{"platform":"magento"},"then":{"due":1}}]"#, "mapping.rules[1].when.platform"),
        (#"[{"name":"A","when":{"contry":"NZ"},"then":{"due":1}}]"#, "no such field; did you mean country?"),
        (
            #"[{"name":"A","when":{"country":{"equal":"NZ"}},"then":{"due":1}}]"#,
            "no such operator; did you mean equals?"
        ),
        (#"[{"name":"A","when":{"country":"New Zealand"},"then":{"due":1}}]"#, "is no country; write its two letters"),
        (#"[{"name":"A","when":{"total":"lots"},"then":{"due":1}}]"#, "'lots' is not a number"),
        (#"[{"name":"A","when":{"date":"2026-02-30"},"then":{"due":1}}]"#, "is no date; write one like 2026-07-01"),
        (#"[{"name":"A","when":{"line":"gift_crd"},"then":{"account":"1"}}]"#, "did you mean gift_card?"),
        (#"[{"name":"A","then":{"due":"soon"}}]"#, "must be days from 0 to 365"),
        (#"[{"name":"A","then":{"status":"DRAF"}}]"#, "did you mean DRAFT?"),
        (#"[{"name":"A","then":{"reference":"{ordr}"}}]"#, "knows no {ordr}; did you mean order?"),
        (#"[{"name":"A","then":{"reference":"{sku}"}}]"#, "cannot have {sku}, which is of a line"),
        (#"[{"name":"A","when":{"sku":"X"},"then":{"payment_account":"090"}}]"#, "leave sku out of when"),
        (#"[{"name":"A","then":{"skip":true,"due":1}}]"#, "needs nothing else decided"),
        (
            #"[{"name":"A","when":{"payment_method":"strype"},"then":{"due":1}}]"#,
            "payment method 'strype' has no clearing account; add payments.strype, or payments.default; did you mean stripe?"
        ),
    ])
    func `a rule that is wrong is named with what would be right`(rules: String, message: String) throws {
        let problems = try Self.problems(rules)
        #expect(problems.count == 1, "\(problems)")
        #expect(problems.first?.contains(message) == true, "\(problems)")
    }

    @Test(arguments: [
        #"[{"name":"A","when":{"country":"NZ"},"then":{"due":1}},{"name":"B","when":{"country":["NZ","AU"]},"then":{"due":2}}]"#,
        #"[{"name":"A","when":{"country":"NZ"},"then":{"due":1}},{"name":"B","when":{"country":"NZ"},"then":{"due":2,"reference":"x"}}]"#,
        #"[{"name":"A","when":{"sku":"X"},"then":{"account":"1"}},{"name":"B","then":{"account":"2"}}]"#,
        #"[{"name":"A","when":{"store":"outlet"},"then":{"due":1}},{"name":"B","when":{"store":"shop"},"then":{"due":2}}]"#,
        #"[{"name":"A","when":{"payment_method":"paypal"},"then":{"payment_account":"091"}}]"#,
    ])
    func `rules that can fire are left in peace`(rules: String) throws {
        let problems = try Self.problems(rules).filter { !$0.contains("it is not for the store shop") }
        #expect(problems.isEmpty, "\(problems)")
    }

    @Test(arguments: [
        (#"{"sales":"201"}"#, "{}", #"{"stripe":"090"}"#, "no account '201'; did you mean 200 (Sales)?"),
        (#"{"sales":"290"}"#, "{}", #"{"stripe":"090"}"#, "290 (Old sales) is archived in Xero; restore it there"),
        (#"{"sales":"090"}"#, "{}", #"{"stripe":"090"}"#, "account 090 (Clearing) is a bank account"),
        (#"{"sales":"200"}"#, "{}", #"{"stripe":"200"}"#, "account 200 (Sales) takes no payments"),
        (
            #"{"sales":"200","gift_cards":"210"}"#, "{}", #"{"stripe":"090"}"#,
            "account 210 (Shipping) takes no payments"
        ),
        (#"{"sales":"200"}"#, #"{"10":"OUTPT"}"#, #"{"stripe":"090"}"#, "tax type 'OUTPT'; did you mean OUTPUT?"),
        (
            #"{"sales":"200"}"#, #"{"10":"INPUT"}"#, #"{"stripe":"090"}"#,
            "tax type INPUT (GST on Expenses) cannot be on account 200 (Sales); did you mean OUTPUT?"
        ),
        (#"{"sales":"200"}"#, "{}", "{}", "mapping.payments: is missing; paid orders need a clearing account"),
    ])
    func `accounts and tax types are compared with the organisation's`(
        accounts: String, taxes: String, payments: String, message: String
    ) throws {
        let problems = try Self.problems(accounts: accounts, taxes: taxes, payments: payments, knowing: Self.reference)
        #expect(problems.count == 1, "\(problems)")
        #expect(problems.first?.contains(message) == true, "\(problems)")
    }

    @Test func `tracking is compared with the organisation's`() throws {
        let rules =
            #"[{"name":"A","then":{"tracking":{"Chanel":"Web"}}},{"name":"B","when":{"country":"NZ"},"then":{"account":"200","tracking":{"Channel":"Webb"}}}]"#
        let problems = try Self.problems(rules, knowing: Self.reference)
        #expect(problems.count == 2, "\(problems)")
        #expect(problems.first?.contains("no tracking category 'Chanel'; did you mean Channel?") == true)
        #expect(problems.last?.contains("no option 'Webb'; did you mean Web?") == true)
    }

    @Test func `nothing is compared with what was never read`() throws {
        let problems = try Self.problems(
            accounts: #"{"sales":"999"}"#, taxes: #"{"10":"ANY"}"#, knowing: ReferenceData(answers: [:]))
        #expect(problems.isEmpty, "\(problems)")
    }
}
