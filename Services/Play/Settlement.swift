import JSON
import NIOHTTP1

/// Waits until everything is where it should be, and shows how far it is.
struct Settlement: Sendable {
    let orders: [PlayedOrder]
    /// What was there before the play.
    let earlier: EarlierOrders
    let sales: SalesReader
    let xero: ControlClient
    let storefront: ControlClient
    let console: Console

    /// Looks until all ties, or until the deadline.
    /// - Parameter deadline: from now.
    /// - Returns: the last look.
    func wait(deadline: Duration) async throws -> Report {
        let start = ContinuousClock.now
        var last: Report?
        while true {
            do {
                let report = try await look()
                last = report
                let waiting = try await storefront.send(.GET, "/_control/webhooks")["waiting"]?.int ?? 0
                if report.audit.ties, waiting == 0 { return report }
                show(report, elapsed: ContinuousClock.now - start)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                // The database may be away for a moment; what matters is whether it all ties in time.
                console.progress("waiting: \(error)")
            }
            if ContinuousClock.now - start > deadline { break }
            try await Task.sleep(for: .milliseconds(500))
        }
        if let last { return last }
        return try await look()
    }

    /// Compares now.
    func look() async throws -> Report {
        let sales = try await self.sales.sales()
        let books = earlier.removed(from: Books(try await xero.send(.GET, "/_control/ledger")))
        let calls = CallReport(try await xero.send(.GET, "/_control/calls"))
        return Report(
            orders: orders, sales: sales, books: books, calls: calls,
            audit: Audit(orders: orders, sales: sales, books: books))
    }

    private func show(_ report: Report, elapsed: Duration) {
        var states: [String: Int] = [:]
        for order in orders { states[report.sales[order.key]?.state ?? "not seen", default: 0] += 1 }
        let text = states.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        console.progress(
            "\(report.audit.settled) of \(orders.count) orders tie after \(elapsed.components.seconds) s "
                + "(\(text)); \(report.books.invoices.count) invoices, \(report.calls.total) calls")
    }
}
