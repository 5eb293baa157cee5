import CRabbitMQ
import CSystemShims
import Certificates
import IOThread

/// One connection with one channel, over librabbitmq. Confined to the thread that opened it.
///
/// Requests (open, declare, consume, cancel, close) block until the broker answers or `rpcTimeout` passes; everything
/// else returns without waiting, except that a publish waits while the socket's buffer is full.
final class AMQPLink {
    static let channel: amqp_channel_t = 1
    private static let consumerTag = "counterfoil"

    let connection: amqp_connection_state_t
    let arena = CArena()
    private let shared: SharedDescriptor
    /// What TLS found wrong with the broker's certificate; nil without TLS.
    var certificates: CertificateRecorder?
    private var exchanges = RepeatedText()
    private var routingKeys = RepeatedText()

    /// The socket, to be watched for reading.
    var descriptor: Int32 { amqp_get_sockfd(connection) }

    /// True if frames wait in the library, where no descriptor shows them.
    var hasBufferedInput: Bool { amqp_data_in_buffer(connection) != 0 || amqp_frames_enqueued(connection) != 0 }

    /// Heartbeat interval agreed with the broker in seconds; 0 if there is none.
    var heartbeatSeconds: Int { Int(amqp_get_heartbeat(connection)) }

    private init(connection: amqp_connection_state_t, shared: SharedDescriptor) {
        self.connection = connection
        self.shared = shared
    }

    deinit {
        shared.withdraw()
        amqp_destroy_connection(connection)
    }

    /// Connects, logs in and opens the channel.
    static func open(
        _ configuration: RabbitMQConfiguration, shared: SharedDescriptor
    ) throws(RabbitMQError) -> AMQPLink {
        guard let connection = amqp_new_connection() else {
            throw RabbitMQError(.connectionFailed, "there is no memory for a connection")
        }
        let link = AMQPLink(connection: connection, shared: shared)
        try link.connect(configuration)
        try link.logIn(configuration)
        amqp_channel_open(connection, channel)
        try link.checkReply("opening a channel")
        return link
    }

    /// Says goodbye; for a connection that works. Dropping the link without it is how a lost one is ended.
    func close() {
        var timeout = timeval(.seconds(2))
        amqp_set_rpc_timeout(connection, &timeout)
        _ = amqp_channel_close(connection, Self.channel, Int32(AMQP_REPLY_SUCCESS))
        _ = amqp_connection_close(connection, Int32(AMQP_REPLY_SUCCESS))
    }

    private func connect(_ configuration: RabbitMQConfiguration) throws(RabbitMQError) {
        let socket = try configuration.usesTLS ? tlsSocket(configuration) : amqp_tcp_socket_new(connection)
        guard let socket else { throw RabbitMQError(.connectionFailed, "there is no memory for a socket") }
        var timeout = timeval(configuration.connectTimeout)
        let status = amqp_socket_open_noblock(socket, configuration.host, Int32(configuration.port), &timeout)
        guard status == AMQP_STATUS_OK.rawValue else { throw refusal(status, configuration) }
        shared.publish(descriptor)
        let unacknowledged = UInt32(clamping: configuration.heartbeatSeconds * 2000)
        _ = counterfoil_set_tcp_user_timeout(descriptor, unacknowledged)
        var handshake = timeval(configuration.connectTimeout)
        amqp_set_handshake_timeout(connection, &handshake)
        var rpc = timeval(configuration.rpcTimeout)
        amqp_set_rpc_timeout(connection, &rpc)
    }

    private func logIn(_ configuration: RabbitMQConfiguration) throws(RabbitMQError) {
        arena.reset()
        var properties = arena.table([
            "product": "counterfoil", "connection_name": .string(configuration.connectionName),
            "capabilities": .table([
                "publisher_confirms": true, "consumer_cancel_notify": true, "basic.nack": true,
                "connection.blocked": true, "authentication_failure_close": true,
            ]),
        ])
        let reply = counterfoil_amqp_login_plain(
            connection, configuration.virtualHost, 0, Int32(configuration.frameMaxBytes),
            Int32(configuration.heartbeatSeconds), &properties, configuration.user, configuration.password)
        guard let error = error(in: reply, "logging in") else { return }
        throw reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION ? error : loginFailure(error, configuration)
    }

    // MARK: Requests

    /// Declares everything in the topology, in its order.
    func declare(_ topology: Topology) throws(RabbitMQError) {
        for exchange in topology.exchanges {
            arena.reset()
            amqp_exchange_declare(
                connection, Self.channel, arena.bytes(exchange.name), arena.bytes(exchange.kind.rawValue), 0,
                exchange.durable ? 1 : 0, 0, 0, arena.table(exchange.arguments))
            try checkReply("declaring exchange '\(exchange.name)'", declares: "exchange '\(exchange.name)'")
        }
        for queue in topology.queues {
            arena.reset()
            amqp_queue_declare(
                connection, Self.channel, arena.bytes(queue.name), 0, queue.durable ? 1 : 0, 0, 0,
                arena.table(queue.arguments))
            try checkReply("declaring queue '\(queue.name)'", declares: "queue '\(queue.name)'")
        }
        for binding in topology.bindings {
            arena.reset()
            amqp_queue_bind(
                connection, Self.channel, arena.bytes(binding.queue), arena.bytes(binding.exchange),
                arena.bytes(binding.routingKey), arena.table(binding.arguments))
            try checkReply("binding queue '\(binding.queue)' to exchange '\(binding.exchange)'")
        }
    }

    /// Asks for confirms; publishes are counted from 1 from here on.
    func selectConfirms() throws(RabbitMQError) {
        amqp_confirm_select(connection, Self.channel)
        try checkReply("asking for publisher confirms")
    }

    /// Bounds how many unacknowledged deliveries the broker sends.
    func setPrefetch(_ count: Int) throws(RabbitMQError) {
        amqp_basic_qos(connection, Self.channel, 0, UInt16(clamping: count), 0)
        try checkReply("setting the prefetch count")
    }

    /// Subscribes to a queue.
    func consume(queue: String) throws(RabbitMQError) {
        arena.reset()
        amqp_basic_consume(
            connection, Self.channel, arena.bytes(queue), arena.bytes(Self.consumerTag), 0, 0, 0, arena.table([:]))
        try checkReply("consuming queue '\(queue)'")
    }

    /// Ends the subscription; deliveries already under way still come.
    func cancelConsumer() throws(RabbitMQError) {
        arena.reset()
        amqp_basic_cancel(connection, Self.channel, arena.bytes(Self.consumerTag))
        try checkReply("ending the subscription")
    }

    /// Deletes a queue with its messages.
    func delete(queue: String) throws(RabbitMQError) {
        arena.reset()
        amqp_queue_delete(connection, Self.channel, arena.bytes(queue), 0, 0)
        try checkReply("deleting queue '\(queue)'")
    }

    // MARK: Writing

    /// Writes a message. The input must have been pumped just before (``pump(_:)``): the library, at version 0.11, waits
    /// without limit in a publish that finds its receive deadline passed.
    func publish(_ message: OutgoingMessage, messageID: String?) throws(RabbitMQError) {
        arena.reset()
        var properties = arena.properties(message.properties, messageID: messageID)
        let exchange = arena.bytes(message.exchange)
        let routingKey = arena.bytes(message.routingKey)
        let status = message.body.withUnsafeBytes { body in
            amqp_basic_publish(
                connection, Self.channel, exchange, routingKey, message.mandatory ? 1 : 0, 0, &properties,
                amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress)))
        }
        try check(status, "publishing")
    }

    /// Writes an acknowledgement or a refusal.
    func write(_ frame: AckFrame) throws(RabbitMQError) {
        switch frame {
        case .ack(let tag, let multiple):
            try check(amqp_basic_ack(connection, Self.channel, tag, multiple ? 1 : 0), "acknowledging")
        case .nack(let tag, let requeue):
            try check(amqp_basic_nack(connection, Self.channel, tag, 0, requeue ? 1 : 0), "refusing a delivery")
        }
    }

    // MARK: Reading

    /// Hands over every frame that can be had without waiting, and sends a heartbeat if one is due.
    func pump(_ sink: (InboundFrame) throws(RabbitMQError) -> Void) throws(RabbitMQError) {
        var zero = timeval(tv_sec: 0, tv_usec: 0)
        while true {
            var frame = amqp_frame_t()
            let status = amqp_simple_wait_frame_noblock(connection, &frame, &zero)
            if status == AMQP_STATUS_TIMEOUT.rawValue {
                amqp_maybe_release_buffers(connection)
                return
            }
            try check(status, "reading")
            try sink(inbound(frame))
            // The library keeps decoded frames until told; what was needed has been copied.
            amqp_maybe_release_buffers_on_channel(connection, Self.channel)
        }
    }

    private func inbound(_ frame: amqp_frame_t) -> InboundFrame {
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_METHOD: return method(frame.payload.method)
        case AMQP_FRAME_HEADER:
            let header = frame.payload.properties
            guard let decoded = header.decoded else { return .ignored }
            let properties = decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee
            return .header(bodyBytes: header.body_size, MessageProperties(properties))
        case AMQP_FRAME_BODY:
            let body = frame.payload.body_fragment
            return .body(UnsafeRawBufferPointer(start: body.bytes, count: body.len))
        default: return .ignored
        }
    }

    private func method(_ method: amqp_method_t) -> InboundFrame {
        guard let decoded = method.decoded else { return .ignored }
        switch method.id {
        case AMQP_BASIC_DELIVER_METHOD:
            let deliver = decoded.assumingMemoryBound(to: amqp_basic_deliver_t.self).pointee
            return .deliver(
                DeliverMethod(
                    tag: deliver.delivery_tag, redelivered: deliver.redelivered != 0,
                    exchange: exchanges.text(deliver.exchange), routingKey: routingKeys.text(deliver.routing_key)))
        case AMQP_BASIC_ACK_METHOD:
            let ack = decoded.assumingMemoryBound(to: amqp_basic_ack_t.self).pointee
            return .confirm(tag: ack.delivery_tag, multiple: ack.multiple != 0, isPositive: true)
        case AMQP_BASIC_NACK_METHOD:
            let nack = decoded.assumingMemoryBound(to: amqp_basic_nack_t.self).pointee
            return .confirm(tag: nack.delivery_tag, multiple: nack.multiple != 0, isPositive: false)
        case AMQP_BASIC_RETURN_METHOD:
            let returned = decoded.assumingMemoryBound(to: amqp_basic_return_t.self).pointee
            return .returned(
                ReturnMethod(
                    replyCode: Int(returned.reply_code), replyText: String(returned.reply_text),
                    exchange: String(returned.exchange), routingKey: String(returned.routing_key)))
        case AMQP_BASIC_CANCEL_METHOD: return .subscriptionCancelled
        case AMQP_CONNECTION_BLOCKED_METHOD:
            let blocked = decoded.assumingMemoryBound(to: amqp_connection_blocked_t.self).pointee
            return .blocked(reason: String(blocked.reason))
        case AMQP_CONNECTION_UNBLOCKED_METHOD: return .unblocked
        case AMQP_CHANNEL_CLOSE_METHOD, AMQP_CONNECTION_CLOSE_METHOD:
            return .closed(closeError(method, "while the connection was in use"))
        default: return .ignored
        }
    }
}

// MARK: - Errors

extension AMQPLink {
    private func check(_ status: Int32, _ doing: String) throws(RabbitMQError) {
        if status == AMQP_STATUS_OK.rawValue { return }
        throw RabbitMQError(.connectionLost, "the connection was lost while \(doing): \(text(of: status))")
    }

    func checkReply(_ doing: String, declares what: String? = nil) throws(RabbitMQError) {
        guard let error = error(in: amqp_get_rpc_reply(connection), doing) else { return }
        if let what, error.replyCode == Int(AMQP_PRECONDITION_FAILED) {
            throw RabbitMQError(
                .topologyMismatch,
                "\(what) exists with other properties than this program declares; let its messages be consumed and "
                    + "delete it, or give the new one another name (\(error.message))",
                replyCode: error.replyCode)
        }
        throw error
    }

    private func error(in reply: amqp_rpc_reply_t, _ doing: String) -> RabbitMQError? {
        switch reply.reply_type {
        case AMQP_RESPONSE_NORMAL: return nil
        case AMQP_RESPONSE_SERVER_EXCEPTION: return closeError(reply.reply, "while \(doing)")
        default:
            let status = reply.library_error
            let code: RabbitMQError.Code =
                status == AMQP_STATUS_TIMEOUT.rawValue ? .handshakeTimedOut : .connectionLost
            return RabbitMQError(code, "the broker did not answer while \(doing): \(text(of: status))")
        }
    }

    /// The error in channel.close or connection.close.
    private func closeError(_ method: amqp_method_t, _ when: String) -> RabbitMQError {
        var code = 0
        var reason = ""
        if method.id == AMQP_CHANNEL_CLOSE_METHOD, let decoded = method.decoded {
            let close = decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
            (code, reason) = (Int(close.reply_code), String(close.reply_text))
        } else if method.id == AMQP_CONNECTION_CLOSE_METHOD, let decoded = method.decoded {
            let close = decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            (code, reason) = (Int(close.reply_code), String(close.reply_text))
        }
        let isRefusal = code == Int(AMQP_ACCESS_REFUSED) || code == Int(AMQP_NOT_ALLOWED)
        return RabbitMQError(
            isRefusal ? .accessRefused : .rejectedByBroker, "the broker closed the channel \(when): \(reason)",
            replyCode: code)
    }

    func text(of status: Int32) -> String {
        amqp_error_string2(status).map { String(cString: $0) } ?? "status \(status)"
    }
}

/// Text that is mostly the same from frame to frame: kept, and made again only when the bytes differ.
private struct RepeatedText {
    private var last = ""

    mutating func text(_ bytes: amqp_bytes_t) -> String {
        let new = UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len)
        if !last.utf8.elementsEqual(new) { last = String(decoding: new, as: UTF8.self) }
        return last
    }
}

extension timeval {
    /// Whole microseconds of a duration.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}
