import CRabbitMQ

/// What a queue holds and who reads it.
struct QueueReading: Sendable {
    let messages: Int
    let consumers: Int
}

/// Requests that look and change nothing. A refusal closes the channel, and with it the link's use.
extension AMQPLink {
    /// What the broker says about itself.
    var serverProperties: [String: FieldValue] {
        guard let table = amqp_get_server_properties(connection) else { return [:] }
        return [String: FieldValue](table.pointee)
    }

    /// Fails with reply code 404 if there is no such exchange.
    func find(exchange: String) throws(RabbitMQError) {
        arena.reset()
        amqp_exchange_declare(
            connection, Self.channel, arena.bytes(exchange), arena.bytes("topic"), 1, 0, 0, 0, arena.table([:]))
        try checkReply("looking for exchange '\(exchange)'")
    }

    /// Fails with reply code 404 if there is no such queue.
    func find(queue: String) throws(RabbitMQError) -> QueueReading {
        arena.reset()
        let found = amqp_queue_declare(
            connection, Self.channel, arena.bytes(queue), 1, 0, 0, 0, arena.table([:]))
        let reading = found.map {
            QueueReading(messages: Int($0.pointee.message_count), consumers: Int($0.pointee.consumer_count))
        }
        try checkReply("looking for queue '\(queue)'")
        return reading ?? QueueReading(messages: 0, consumers: 0)
    }

    /// Fails with reply code 403 if the user may not read the queue.
    ///
    /// Subscribes with a priority that is no number: the broker looks at the permission first and at the arguments then,
    /// and refuses these, so that no message is ever handed out.
    func checkMayRead(queue: String) throws(RabbitMQError) {
        arena.reset()
        amqp_basic_consume(
            connection, Self.channel, arena.bytes(queue), arena.bytes("check"), 0, 0, 0,
            arena.table(["x-priority": "none"]))
        try checkReply("checking the permission to read queue '\(queue)'")
        amqp_basic_cancel(connection, Self.channel, arena.bytes("check"))
    }

    /// Fails with reply code 403 if the user may not publish to the exchange.
    ///
    /// Publishes in a transaction that is rolled back: the broker looks at the permission at once, and no queue ever sees
    /// the message. A broker under a resource alarm does not answer; ``alarm()`` then says so.
    func checkMayPublish(exchange: String) throws(RabbitMQError) {
        amqp_tx_select(connection, Self.channel)
        try checkReply("beginning a transaction")
        try pump { _ throws(RabbitMQError) in }
        try publish(OutgoingMessage(exchange: exchange, routingKey: "check", body: []), messageID: nil)
        amqp_tx_rollback(connection, Self.channel)
        try checkReply("checking the permission to publish to exchange '\(exchange)'")
    }

    /// Why the broker takes no messages, if it said so.
    func alarm() -> String? {
        var reason: String?
        try? pump { frame throws(RabbitMQError) in
            if case .blocked(let words) = frame { reason = words }
        }
        return reason
    }
}
