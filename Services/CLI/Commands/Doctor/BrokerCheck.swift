import RabbitMQ

/// Whether the broker can be reached, holds what is declared, and lets the user work.
struct BrokerCheck: Sendable {
    /// The oldest version with at-least-once dead lettering.
    static let oldestVersion = [3, 10]

    let configuration: RabbitMQConfiguration
    let topology: Topology

    func findings() async -> [DoctorFinding] {
        do {
            return judge(try await BrokerInspection.inspect(configuration, topology))
        } catch {
            let words = Self.brokersWords(error.message)
            return [.problem("broker", "connection", sentence: words, otherwise: remedy(error))]
        }
    }

    private var vhost: String { "'\(configuration.virtualHost)'" }

    private var grant: String {
        "rabbitmqctl set_permissions -p \(vhost) \(configuration.user) '.*' '.*' '.*'"
    }

    /// What usually mends what the broker says.
    private func remedy(_ error: RabbitMQError) -> String {
        if error.message.contains("ACCESS_REFUSED") {
            return "correct user and password in AMQP_URL, or set it: "
                + "rabbitmqctl change_password \(configuration.user) …"
        }
        if error.message.contains("vhost") {
            return error.message.contains("not found")
                ? "rabbitmqctl add_vhost \(vhost) && \(grant), or correct AMQP_URL" : grant
        }
        return "start RabbitMQ, or correct host and port in AMQP_URL"
    }

    private func judge(_ report: BrokerReport) -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        let version = report.version.split(separator: ".").prefix(2).compactMap { Int($0) }
        if report.product != "RabbitMQ" || version.lexicographicallyPrecedes(Self.oldestVersion) {
            findings.append(
                .problem(
                    "broker", "version", "\(report.product) \(report.version) will not do",
                    "use RabbitMQ 3.10 or newer: quorum queues hand dead letters over safely only since then"))
        }
        if let alarm = report.alarm {
            findings.append(
                .problem(
                    "broker", "alarm", "it takes no messages: \(alarm)",
                    "give it room (rabbitmqctl status names the limit): webhooks are kept in the database meanwhile"))
        }
        if !report.usesTLS && !configuration.isLocal {
            findings.append(
                .warning(
                    "broker", "tls", "the connection to \(configuration.host) is not encrypted",
                    "write amqps:// and its port, and name the authority: "
                        + "amqps://…@\(configuration.host):5671/?cacertfile=/path/ca.pem"))
        }
        let isFresh = report.entities.allSatisfy { $0.state == .missing }
        if !isFresh { for entity in report.entities { if let finding = judge(entity) { findings.append(finding) } } }
        if !isFresh { findings += readers(report) }
        let tls = report.usesTLS ? "TLS verified" : "no TLS"
        findings.append(
            .ok("broker", "connection", "\(report.product) \(report.version) at \(configuration), \(tls)"))
        findings.append(.ok("broker", "topology", contents(report, isFresh: isFresh)))
        return findings
    }

    private func contents(_ report: BrokerReport, isFresh: Bool) -> String {
        if isFresh { return "nothing declared yet: the services do so when they start" }
        let good = report.entities.filter { $0.state == .asDeclared }
        let waiting = report.entities.reduce(0) { $0 + ($1.messages ?? 0) }
        return "\(good.count) of \(report.entities.count) exchanges and queues as declared, \(waiting) messages wait"
    }

    private func judge(_ entity: BrokerReport.Entity) -> DoctorFinding? {
        let name = "\(entity.isQueue ? "queue" : "exchange") \(entity.name)"
        switch entity.state {
        case .asDeclared: return nil
        case .missing:
            return .problem(
                "broker", "missing", "\(name) is missing",
                "restart any service: it declares again what is not there")
        case .differs(let words):
            let remove =
                entity.isQueue
                ? "stop the services, let it run empty, then: rabbitmqctl -p \(vhost) delete_queue \(entity.name)"
                : "stop the services, then delete it on the management page (Exchanges)"
            return .problem(
                "broker", "differs",
                "\(name) has other properties than the services declare: \(Self.brokersWords(words))",
                "\(remove); the services declare it again when they start")
        case .forbidden(let words):
            return .problem(
                "broker", "permission",
                "\(configuration.user) may not use \(name): \(Self.brokersWords(words))", grant)
        }
    }

    /// Queues that nobody reads.
    private func readers(_ report: BrokerReport) -> [DoctorFinding] {
        let queues = report.entities.filter { $0.isQueue && $0.state == .asDeclared }
        let unread = queues.filter { $0.consumers == 0 }
        guard !unread.isEmpty else { return [] }
        if unread.count == queues.count, queues.allSatisfy({ $0.messages == 0 }) {
            return [.ok("broker", "consumers", "no service reads its queues just now")]
        }
        return unread.map { queue in
            let service = queue.name.prefix { $0 != "." }
            return .warning(
                "broker", "consumers", "nobody reads queue \(queue.name), where \(queue.messages ?? 0) messages wait",
                "start \(service), or look at its log")
        }
    }

    /// The broker's own sentence, without ours around it.
    static func brokersWords(_ message: String) -> String {
        for word in ["PRECONDITION_FAILED", "ACCESS_REFUSED", "NOT_ALLOWED"] {
            guard let start = message.firstRange(of: "\(word) - ") else { continue }
            let rest = message[start.upperBound...]
            // Ours may end in the bracket it was put in.
            return String(rest.hasSuffix(")") ? rest.dropLast() : rest)
        }
        return message
    }
}
