import Accounting
import JSON
import Mapping
import Storefronts
import TestSupport
import Testing

/// By which rate what is sold in another currency is converted. The organisation keeps its books in Australian dollars.
@Suite struct CurrencyRateTests {
    typealias Order = OrderFixture

    private static func org(base: String? = "AUD") -> OrgSettings {
        var org = Order.org
        org.baseCurrency = base.flatMap { Currency($0) }
        return org
    }

    private static func mapping(_ source: String, maxAge: Int? = nil) throws -> JSONValue {
        var mapping = try #require(Order.mapping.object)
        var rates: JSONObject = ["source": .string(source)]
        if let maxAge { rates["max_age_days"] = .number(JSONNumber(maxAge)) }
        mapping["currency_rates"] = .object(rates)
        return .object(mapping)
    }

    private static func table(_ rates: KeyValuePairs<String, String>) -> DailyRates? {
        guard let base = Currency("AUD"), let euro = Currency("EUR") else { return nil }
        var days: [CalendarDate: ExactDecimal] = [:]
        for (day, rate) in rates {
            if let day = CalendarDate(day), let rate = ExactDecimal(rate) { days[day] = rate }
        }
        return DailyRates(base: base, currency: euro, days)
    }

    /// Sold on 2 March 2026 and paid on it, half of it given back on 7 March: a Saturday.
    private static let sold = Order().line("100.00").refund(
        90, "50.00", at: "2026-03-07T10:00:00",
        lines: ["line_items": [Order.refunded("50.00", of: 11)]])

    private static func stated(_ rate: JSONValue, _ base: JSONValue = "AUD") -> Order {
        sold.with([
            "meta_data": [
                ["key": "_wcpay_multi_currency_order_exchange_rate", "value": rate],
                ["key": "_wcpay_multi_currency_order_default_currency", "value": base],
            ]
        ])
    }

    private static func outcome(
        _ order: Order = sold, _ mapping: JSONValue = Order.mapping, org: OrgSettings = org(), table: DailyRates? = nil
    ) throws -> PlanOutcome {
        Planner.plan(
            order: try order.canonical(), mapping: try MappingConfiguration(json: mapping), org: org,
            store: StoreSettings(storeID: "shop", numberPrefix: "S-"), table: table)
    }

    /// Kind, date and rate of every document; `-` where Xero takes its own.
    private static func rates(_ outcome: PlanOutcome) -> [String] {
        guard case .planned(let plan) = outcome else { return ["\(outcome)"] }
        return plan.documents.filter { $0.kind != .contact }.map { document in
            let rate = document.desired["CurrencyRate"]?.number?.text ?? "-"
            return "\(document.kind.rawValue) \(document.date?.description ?? "") \(rate)"
        }
    }

    private static func decided(_ outcome: PlanOutcome) -> Set<String> {
        guard case .planned(let plan) = outcome else { return [] }
        return Set(
            plan.documents.flatMap(\.decisions).filter { $0.field == "rate" }.map { "\($0.value): \($0.because)" })
    }

    @Test func `where nothing is said Xero takes its own rate`() throws {
        let outcome = try Self.outcome()
        #expect(
            Self.rates(outcome) == [
                "invoice 2026-03-02 -", "payment 2026-03-02 -", "credit_note 2026-03-07 -", "refund 2026-03-07 -",
            ])
        #expect(Self.decided(outcome) == ["Xero's of the day: mapping.currency_rates (default: xero)"])
    }

    @Test(arguments: ["xero", "store", "table"])
    func `what is sold in the organisation's own currency has no rate`(_ source: String) throws {
        let outcome = try Self.outcome(mapping: source, base: "EUR")
        #expect(Self.rates(outcome).allSatisfy { $0.hasSuffix(" -") })
        #expect(Self.decided(outcome).isEmpty)
    }

    private static func outcome(mapping source: String, base: String?, table: DailyRates? = nil) throws -> PlanOutcome {
        try outcome(sold, mapping(source), org: org(base: base), table: table)
    }

    @Test func `the rate of the store is that of all the order's documents`() throws {
        let outcome = try Self.outcome(Self.stated("0.6051234567"), Self.mapping("store"))
        #expect(
            Self.rates(outcome) == [
                "invoice 2026-03-02 0.605123", "payment 2026-03-02 0.605123", "credit_note 2026-03-07 0.605123",
                "refund 2026-03-07 0.605123",
            ])
        #expect(Self.decided(outcome) == ["1 AUD = 0.605123 EUR: the store's rate (mapping.currency_rates)"])
    }

    @Test(arguments: [
        ("none", "AUD", "the store states no rate for it"), ("0.6", "NZD", "against NZD"),
        ("0", "AUD", "a rate of 0 EUR for 1 AUD"), ("0.0000001", "AUD", "a rate of 0.0000001 EUR"),
        ("-1", "AUD", "a rate of -1 EUR"),
    ])
    func `a rate of the store that cannot be meant is held`(rate: String, base: String, words: String) throws {
        let outcome = try Self.outcome(Self.stated(.string(rate), .string(base)), Self.mapping("store"))
        guard case .held(let reason, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.contains(words))
        #expect(reason.contains("set mapping.currency_rates.source to table or xero"))
    }

    @Test func `each document has the table's rate of its own day or of the latest before`() throws {
        let table = Self.table(["2026-02-27": "0.61", "2026-03-02": "0.60", "2026-03-06": "0.59", "2026-03-09": "0.58"])
        let outcome = try Self.outcome(mapping: "table", base: "AUD", table: table)
        #expect(
            Self.rates(outcome) == [
                "invoice 2026-03-02 0.6", "payment 2026-03-02 0.6", "credit_note 2026-03-07 0.59",
                "refund 2026-03-07 0.59",
            ])
        #expect(
            Self.decided(outcome) == [
                "1 AUD = 0.6 EUR: the table's rate of 2026-03-02 (mapping.currency_rates)",
                "1 AUD = 0.59 EUR: the table's rate of 2026-03-06 (mapping.currency_rates)",
            ])
    }

    @Test func `a rate that is too old or not there holds, with the command that adds one`() throws {
        let table = Self.table(["2026-02-20": "0.61", "2026-03-06": "0.59"])
        let held = PlanOutcome.held(
            reason: "the table has no rate of EUR for 2026-03-02, nor for the 7 days before: "
                + "counterfoil rates import FILE --base AUD", findings: [])
        #expect(try Self.outcome(mapping: "table", base: "AUD", table: table) == held)
        #expect(Self.rates(try Self.outcome(Self.sold, Self.mapping("table", maxAge: 10), table: table)).count == 4)
        guard case .held(let reason, let findings) = try Self.outcome(mapping: "table", base: "AUD") else {
            Issue.record("planned without rates")
            return
        }
        #expect(reason == "2 rates are missing")
        #expect(findings.count == 2)
    }

    @Test(arguments: ["store", "table"])
    func `as long as the organisation's own currency is not known a chosen rate waits`(_ source: String) throws {
        guard case .held(let reason, _) = try Self.outcome(mapping: source, base: nil) else {
            Issue.record("planned")
            return
        }
        #expect(reason.hasSuffix("counterfoil xero accounts main"))
    }

    @Test func `Magento states its rate in the order`() throws {
        let payload = try JSONValue(parsing: PlatformPayloads.magento)
        let pound = try #require(Currency("GBP"))
        let order = try StorefrontOrders.order(
            from: payload, platform: .magento, reading: OrderReading(storeID: "shop"))
        #expect(order.statedRate == StatedRate(base: pound, perBase: ExactDecimal(units: 125, scale: 2)))
        let own = try StorefrontOrders.order(
            from: payload, platform: .magento, reading: OrderReading(storeID: "shop", side: .store))
        #expect(own.currency == pound && own.statedRate == nil)
    }

    @Test func `a summary has the rate of its day, and a day without one waits`() throws {
        let mapping = try MappingConfiguration(json: Self.mapping("table"))
        let day = try #require(CalendarDate("2026-03-02"))
        let euro = try #require(Currency("EUR"))
        let entry = SummaryEntry(
            source: "sale", happenedOn: day, currency: euro,
            lines: [.init(account: "200", taxType: "ZERO", net: ExactDecimal(100), tax: .zero)],
            money: [.init(account: "090", amount: ExactDecimal(100))])
        let draft = SummaryDraft(
            SummaryID(day: day, currency: euro), mapping: mapping, org: Self.org(),
            store: StoreSettings(storeID: "shop"))
        let planned = draft.plan([entry], table: Self.table(["2026-03-01": "0.6"]))
        #expect(Self.rates(planned) == ["invoice 2026-03-02 0.6", "payment 2026-03-02 0.6"])
        guard case .held = draft.plan([entry]) else {
            Issue.record("planned without a rate")
            return
        }
    }

    @Test(arguments: [
        (#"{"source":"tabel"}"#, "mapping.currency_rates.source: must be xero or store or table; did you mean table?"),
        (#"{"sorce":"table"}"#, "mapping.currency_rates.sorce: there is no such key; did you mean source?"),
        (
            #"{"source":"table","max_age_days":40}"#,
            "mapping.currency_rates.max_age_days: must be a whole number from 0 to 31"
        ),
    ])
    func `what is wrong with the setting is named`(_ setting: String, _ message: String) throws {
        let json = try JSONValue(parsing: #"{"accounts":{"sales":"200"},"currency_rates":\#(setting)}"#)
        let error = #expect(throws: MappingError.self) { try MappingConfiguration(json: json) }
        #expect(error?.description == message)
    }

    @Test func `a daily summary cannot have each order's own rate`() throws {
        let json = try JSONValue(
            parsing: #"{"accounts":{"sales":"200"},"posting":"daily_summary","currency_rates":{"source":"store"}}"#)
        let error = #expect(throws: MappingError.self) { try MappingConfiguration(json: json) }
        #expect(error?.problems.map(\.path.description) == ["mapping.currency_rates.source"])
    }

    @Test func `a change after payment is converted by the rate of the day of the change`() throws {
        let table = Self.table(["2026-03-02": "0.60", "2026-03-10": "0.50"])
        let mapping = try Self.mapping("table")
        let before = try Self.outcome(Order().line("100.00"), mapping, table: table)
        let changed = Order(total: "150.00").line("150.00").with(["date_modified_gmt": "2026-03-10T08:00:00"])
        guard case .planned(let first) = before,
            case .planned(let second) = try Self.outcome(changed, mapping, table: table)
        else {
            Issue.record("not planned")
            return
        }
        let standing = first.documents.filter { $0.kind != .contact }.map {
            StandingDocument(
                $0.reference, standing: .inXero, title: "", desired: $0.desired, total: $0.total ?? .zero)
        }
        let key = DocumentKey(orgID: "main", storeID: "shop", kind: .invoice, sourceID: "1001", part: "1")
        guard case .plan(let revised) = PlanRevision.revise(second, standing: standing, order: key) else {
            Issue.record("not revised")
            return
        }
        #expect(
            Self.rates(.planned(revised)) == ["invoice 2026-03-10 0.5", "payment 2026-03-10 0.5"])
    }
}
