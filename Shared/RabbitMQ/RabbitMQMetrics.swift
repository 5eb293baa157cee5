import CoreMetrics

/// A publisher's instruments, made once. Labels: the connection's name, which is configuration and so bounded.
final class PublisherMetrics: Sendable {
    let published: Counter
    let confirmed: Counter
    let nacked: Counter
    let returned: Counter
    let unknown: Counter

    init(connection: String) {
        let dimensions = [("connection", connection)]
        published = Counter(label: "rabbitmq_messages_published_total", dimensions: dimensions)
        confirmed = Counter(label: "rabbitmq_messages_confirmed_total", dimensions: dimensions)
        nacked = Counter(label: "rabbitmq_messages_nacked_total", dimensions: dimensions)
        returned = Counter(label: "rabbitmq_messages_returned_total", dimensions: dimensions)
        unknown = Counter(label: "rabbitmq_messages_unknown_outcome_total", dimensions: dimensions)
    }
}

/// A consumer's instruments, made once. Labels: the queue.
final class ConsumerMetrics: Sendable {
    let consumed: Counter
    let redelivered: Counter
    let acknowledged: Counter
    let refused: Counter

    init(queue: String) {
        let dimensions = [("queue", queue)]
        consumed = Counter(label: "rabbitmq_messages_consumed_total", dimensions: dimensions)
        redelivered = Counter(label: "rabbitmq_messages_redelivered_total", dimensions: dimensions)
        acknowledged = Counter(label: "rabbitmq_messages_acknowledged_total", dimensions: dimensions)
        refused = Counter(label: "rabbitmq_messages_refused_total", dimensions: dimensions)
    }
}

/// A connection's instruments, made once. Labels: the connection's name.
final class ConnectionMetrics: Sendable {
    let connected: Gauge
    let reconnects: Counter

    init(connection: String) {
        let dimensions = [("connection", connection)]
        connected = Gauge(label: "rabbitmq_connected", dimensions: dimensions)
        reconnects = Counter(label: "rabbitmq_reconnects_total", dimensions: dimensions)
    }
}
