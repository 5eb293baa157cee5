import JSON
import Testing

@testable import CLI

@Suite("What the command line prints")
struct OutputTests {
    @Test("a table is aligned, and ends no line with spaces")
    func table() {
        var table = TextTable(["what", "waiting"], right: ["waiting"])
        table.add(["orders to read", "7"])
        table.add(["messages", "1200"])
        #expect(table.lines == ["what            waiting", "orders to read        7", "messages           1200"])
    }

    @Test(
        "ages are in a person's words",
        arguments: [(5, "5 s"), (119, "119 s"), (150, "2 min"), (7300, "2 h"), (200_000, "2 days")])
    func ages(_ seconds: Int, _ text: String) {
        #expect(ageText(seconds: seconds) == text)
    }

    @Test("status says what to do, and whether anything is to be done")
    func status() {
        let calm = StatusText(["backlog": [], "orders": [], "orgs": [], "stores": [], "dead_letters": []])
        #expect(!calm.needsPerson)
        #expect(calm.lines.last == "  nothing")
        let trouble = StatusText([
            "backlog": [],
            "orders": [["store": "shop", "state": "held", "orders": 3, "summaries": 1]],
            "orgs": [["org": "acme", "state": "paused", "reason": "Xero refuses the app's secret"]],
            "stores": [["store": "shop", "org": "acme", "waiting": 0]],
            "dead_letters": [["class": "mapping.account", "letters": 2]],
        ])
        #expect(trouble.needsPerson)
        #expect(trouble.lines.contains("  3 held orders: counterfoil orders list --state held"))
        let summaries = "  1 held summaries: counterfoil orders list --summaries --state held"
        #expect(trouble.lines.contains(summaries))
        #expect(trouble.lines.contains { $0.hasPrefix("  shop, summaries ") })
        #expect(trouble.lines.contains("  2 dead letters: counterfoil dead-letters list"))
        #expect(trouble.lines.contains("  org acme is paused: Xero refuses the app's secret"))
    }

    @Test("an order's page leads with where it stands and why")
    func order() {
        let text = OrderText([
            "order": [
                "store": "shop", "id": "12", "number": "1012", "state": "held", "currency": "AUD", "total": "0.00",
                "tax": "0.00", "status": "processing", "reason": "the order does not tie",
                "findings": ["lines 166.01 + shipping 10.00 = 176.01, but the order's total is 0.00: 176.01 apart"],
                "revision": 1, "planned_revision": 1,
            ],
            "documents": [], "calls": [], "letters": [], "versions": [], "deliveries": [], "history": [],
        ])
        #expect(text.lines.first == "Order 1012 of shop (id 12): held")
        #expect(text.lines.contains("  the order does not tie"))
        #expect(text.lines.contains { $0.hasPrefix("  - lines 166.01") })
    }

    @Test("dead letters are grouped by what is wrong, with what to do once for each group")
    func letters() {
        let lines = DeadLettersCommand.List.text([
            letter(1, group: "a"), letter(2, group: "a"), letter(3, group: "b"),
        ])
        #expect(lines.filter { $0.contains("Correct the account") }.count == 2)
        #expect(lines.first == "mapping.account: 2 letters")
        #expect(DeadLettersCommand.List.text([]) == ["No dead letters."])
    }

    private func letter(_ id: Int, group: String) -> JSONValue {
        [
            "id": .number(JSONNumber(id)), "group_key": .string(group), "class": "mapping.account", "state": "open",
            "message": "Account code 'x' is not valid", "suggestion": "Correct the account", "age_seconds": 60,
        ]
    }

    @Test("wrong usage exits 2")
    func usage() async {
        #expect(await Main.status(["orders", "list", "--state", "sold"]) == 2)
        #expect(await Main.status(["dead-letters", "retry"]) == 2)
        #expect(await Main.status(["backfill", "shop", "--since", "yesterday"]) == 2)
    }
}
