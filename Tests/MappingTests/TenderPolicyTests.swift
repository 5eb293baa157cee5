import Accounting
import JSON
import Mapping
import Testing

@Suite struct TenderPolicyTests {
    /// Plans an order of 100.00 that was paid with these amounts, each by a method of its own.
    private func outcome(
        _ amounts: [String], isPartlyPaid: Bool = false, _ tenders: JSONValue = [:], refund: String? = nil
    ) throws -> PlanOutcome {
        var fixture = OrderFixture().line("100.00")
        if let refund { fixture = fixture.refund(77, refund) }
        var order = try fixture.canonical()
        order.tenders = try zip(["stripe", "cash", "bank"], amounts).map { method, amount in
            Tender(
                kind: .money, method: method, title: method == "stripe" ? "Stripe" : "Cash",
                amount: try #require(ExactDecimal(amount)))
        }
        order.isPartlyPaid = isPartlyPaid
        var mapping = try #require(OrderFixture.mapping.object)
        mapping["tenders"] = tenders
        return Planner.plan(
            order: order, mapping: try MappingConfiguration(json: .object(mapping)), org: OrderFixture.org,
            store: StoreSettings(storeID: "shop", numberPrefix: "S-"))
    }

    private func plan(_ outcome: PlanOutcome) -> OrderPlan {
        guard case .planned(let plan) = outcome else {
            Issue.record("not planned: \(outcome)")
            return OrderPlan(documents: [])
        }
        return plan
    }

    private func payments(_ plan: OrderPlan) -> [String] {
        plan.documents(of: .payment).map { "\($0.part): \($0.total?.fixed(2) ?? "?")" }
    }

    @Test func `several payments that are the total are posted each by itself`() throws {
        #expect(payments(plan(try outcome(["60.00", "40.00"]))) == ["1: 60.00", "2: 40.00"])
    }

    @Test func `less than the total is held with the arithmetic, or by policy leaves the rest due`() throws {
        #expect(
            try outcome(["60.00", "30.00"])
                == .held(
                    reason: "the order counts as paid, but less was paid; correct it in the store, or set "
                        + "mapping.tenders.under to part, which leaves the rest due on the invoice",
                    findings: [
                        "payment by Stripe 60.00 + payment by Cash 30.00 = 90.00, but 100.00 was to be paid: 10.00 short"
                    ]))
        let part = plan(try outcome(["60.00", "30.00"], ["under": "part"]))
        #expect(payments(part) == ["1: 60.00", "2: 30.00"])
        #expect(part.documents(of: .invoice).first?.total == ExactDecimal(100))
    }

    @Test func `a deposit that the store calls one is posted, and what comes later is a later payment`() throws {
        let first = plan(try outcome(["60.00"], isPartlyPaid: true))
        #expect(payments(first) == ["1: 60.00"])
        func later(_ amounts: [String], isPartlyPaid: Bool) throws -> [String] {
            let standing = first.documents.filter { $0.kind != .contact }.map { document in
                StandingDocument(
                    document.reference, standing: .inXero, title: "\(document.reference)", desired: document.desired,
                    total: document.total ?? .zero)
            }
            let key = DocumentKey(orgID: "main", storeID: "shop", kind: .invoice, sourceID: "1001", part: "1")
            let wanted = plan(try outcome(amounts, isPartlyPaid: isPartlyPaid))
            guard case .plan(let revised) = PlanRevision.revise(wanted, standing: standing, order: key) else {
                Issue.record("no plan")
                return []
            }
            return payments(revised)
        }
        // The same method again, as stores add it up; another method; and a further part.
        #expect(try later(["100.00"], isPartlyPaid: false) == ["2: 40.00"])
        #expect(try later(["60.00", "40.00"], isPartlyPaid: false) == ["2: 40.00"])
        #expect(try later(["60.00", "15.00"], isPartlyPaid: true) == ["2: 15.00"])
        #expect(try later(["60.00"], isPartlyPaid: true) == [])
    }

    @Test func `more than the total is held: Xero takes no payment above what is due`() throws {
        #expect(
            try outcome(["100.00", "5.00"], ["under": "part"])
                == .held(
                    reason:
                        "more was paid than was to be paid; refund the rest in the store, or correct the payments there",
                    findings: [
                        "payment by Stripe 100.00 + payment by Cash 5.00 = 105.00, but 100.00 was to be paid: 5.00 too much"
                    ]
                ))
    }

    @Test(arguments: [("99.97", "-0.03"), ("100.05", "0.05")])
    func `a difference within the tolerance is a line for rounding`(paid: String, rounding: String) throws {
        let tolerant = plan(try outcome([paid], ["tolerance": "0.05"]))
        #expect(payments(tolerant) == ["1: \(paid)"])
        let invoice = try #require(tolerant.documents(of: .invoice).first)
        #expect(invoice.total?.fixed(2) == paid)
        let line = invoice.desired["LineItems"]?[1]
        #expect(line?["AccountCode"] == "860")
        #expect(line?["UnitAmount"]?.decimal?.fixed(2) == rounding)
        guard case .held = try outcome([paid], ["tolerance": "0.02"]) else {
            Issue.record("beyond the tolerance")
            return
        }
    }

    @Test func `an order that was paid in part and refunded waits`() throws {
        guard case .held(let reason, _) = try outcome(["60.00"], isPartlyPaid: true, refund: "10.00") else {
            Issue.record("not held")
            return
        }
        #expect(reason.contains("paid in part and refunded"))
    }

    @Test func `mistakes are named with the nearest word`() throws {
        var mapping = try #require(OrderFixture.mapping.object)
        mapping["tenders"] = ["under": "prat", "over": "hold", "tolerance": 5]
        let error = #expect(throws: MappingError.self) { try MappingConfiguration(json: .object(mapping)) }
        #expect(
            error?.problems.map(\.description) == [
                "mapping.tenders.over: there is no such key; there are under, tolerance",
                "mapping.tenders.under: must be hold or part; did you mean part?",
                "mapping.tenders.tolerance: must be an amount from 0 to 1, such as 0.05",
            ])
    }
}
