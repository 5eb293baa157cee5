import Logging

/// Names of log metadata.
enum LogKey {
    static let broker = "messaging.broker"
    static let connection = "messaging.connection"
    static let queue = "messaging.queue"
    static let error = "error"
    static let attempt = "messaging.attempt"
    static let wait = "messaging.retry_after"
    static let epoch = "messaging.epoch"
    static let reason = "messaging.reason"
    static let exchange = "messaging.exchange"
    static let routingKey = "messaging.routing_key"
    static let outstanding = "messaging.outstanding"
    static let busy = "messaging.busy"
}
