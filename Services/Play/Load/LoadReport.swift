import JSON

/// What a load came to.
struct LoadReport: Sendable {
    let options: LoadOptions
    let log: DeliveryLog.Snapshot
    let accounts: LoadAccounts
    let toFirstCall: [Double]
    let atRest: LoadSample
    let atEnd: LoadSample
    let samples: [LoadSample]
    /// What waited in the database when waiting was given up.
    let left: Int
    let books: Report
    let restarts: [String: Int]

    /// What is wrong, a sentence each.
    var complaints: [String] {
        var found = LoadTrend.growing(samples) + LoadTrend.unbounded(samples, rate: options.rate)
        if log.accepted != log.sent {
            found.append("\(log.sent - log.accepted) webhooks were not answered 200: \(refusals)")
        }
        if accounts.missing > 0 { found.append("\(accounts.missing) deliveries were answered 200 and are not stored") }
        if accounts.doubled > 0 { found.append("\(accounts.doubled) deliveries are stored more than once") }
        if accounts.misjudged > 0 { found.append("\(accounts.misjudged) deliveries were not taken for what they are") }
        if left != 0 { found.append("\(left) things still waited in the database at the end") }
        if !restarts.isEmpty {
            found.append("services ended and were started again: \(restarts.keys.sorted().joined(separator: ", "))")
        }
        if !books.audit.ties { found.append(books.verdict) }
        return found
    }

    /// Whether all went as it should.
    var isGood: Bool { complaints.isEmpty }

    private var refusals: String {
        log.refused.sorted { $0.key < $1.key }.map { "\($0.value) x \($0.key == 0 ? "no answer" : String($0.key))" }
            .joined(separator: ", ")
    }

    /// For a person.
    var text: String {
        let verdict =
            isGood
            ? "Every delivery is accounted for, the books tie, memory is flat and queues are bounded."
            : "NOT as it should be:\n" + complaints.map { "  \($0)" }.joined(separator: "\n")
        return """

            Load: \(log.sent) webhooks, \(options.rate) a second for \(options.duration.components.seconds) s
              answered 200: \(log.accepted) within \(milliseconds(50)) (p50), \(milliseconds(90)) (p90), \
            \(milliseconds(99)) (p99), \(milliseconds(100)) (slowest)
              stored: \(accounts.rows), of these \(accounts.duplicates) repetitions and \(accounts.ignored) ignored; missing \(accounts.missing), \
            doubled \(accounts.doubled)
              orders: \(books.orders.count), of these \(books.audit.settled) where they should be; invoices \
            \(books.books.invoices.count), calls to Xero \(books.calls.total)
              first webhook to first call to Xero: \(seconds(50)) (p50), \(seconds(99)) (p99) of \(toFirstCall.count) orders

            Services
            \(services.rendered())

            Waiting, by stage
            \(stages.rendered())

            \(verdict)
            """
    }

    private func milliseconds(_ percent: Double) -> String { "\(Self.tenths(log.percentile(percent))) ms" }

    private func seconds(_ percent: Double) -> String { "\(Self.tenths(Percentile.of(toFirstCall, percent))) ms" }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private var services: TextTable {
        var table = TextTable([
            .left("service"), .right("at rest"), .right("second third"), .right("last third"), .right("most"),
            .right("processor a webhook"),
        ])
        for name in Fleet.services {
            let thirds = LoadTrend.thirds(samples.compactMap { $0.memory[name].map(Double.init) })
            table.add([
                name, LoadTrend.megabytes(Double(atRest.memory[name] ?? 0)),
                thirds.map { LoadTrend.megabytes($0.middle) } ?? "-",
                thirds.map { LoadTrend.megabytes($0.last) } ?? "-",
                LoadTrend.megabytes(Double(samples.compactMap { $0.memory[name] }.max() ?? 0)),
                "\(Int(cpuMicroseconds(name))) µs",
            ])
        }
        return table
    }

    private func cpuMicroseconds(_ name: String) -> Double {
        let used = (atEnd.cpu[name] ?? 0) - (atRest.cpu[name] ?? 0)
        return used * 1e6 / Double(max(log.sent, 1))
    }

    private var stages: TextTable {
        var table = TextTable([.left("stage"), .right("median"), .right("most")])
        for stage in Set(samples.flatMap(\.waiting.keys)).sorted() {
            let values = samples.compactMap { $0.waiting[stage].map(Double.init) }
            table.add([stage, String(Int(Percentile.of(values, 50))), String(Int(values.max() ?? 0))])
        }
        return table
    }

    /// For a program.
    var json: JSONValue {
        func number(_ value: Double) -> JSONValue { .number(JSONNumber(Int(value.rounded()))) }
        func perService(_ value: (String) -> Double) -> JSONValue {
            .object(JSONObject(Fleet.services.map { ($0, number(value($0))) }))
        }
        return [
            "sent": number(Double(log.sent)), "answered_200": number(Double(log.accepted)),
            "rate": number(Double(options.rate)),
            "answer_microseconds": [
                "p50": number(log.percentile(50) * 1_000), "p99": number(log.percentile(99) * 1_000),
            ],
            "to_call_microseconds": [
                "orders": number(Double(toFirstCall.count)), "p50": number(Percentile.of(toFirstCall, 50) * 1_000),
                "p99": number(Percentile.of(toFirstCall, 99) * 1_000),
            ],
            "memory_at_rest": perService { Double(atRest.memory[$0] ?? 0) },
            "memory_most": perService { name in Double(samples.compactMap { $0.memory[name] }.max() ?? 0) },
            "cpu_nanoseconds_a_webhook": perService { cpuMicroseconds($0) * 1_000 },
            "good": .bool(isGood), "complaints": .array(complaints.map { .string($0) }),
        ]
    }
}
