import CRabbitMQ

extension CArena {
    /// Properties in the C library's form, in this arena's memory.
    ///
    /// - Parameter messageID: used where the properties have none.
    func properties(_ properties: MessageProperties, messageID: String?) -> amqp_basic_properties_t {
        var result = amqp_basic_properties_t()
        var flags = UInt32(AMQP_BASIC_DELIVERY_MODE_FLAG)
        result.delivery_mode = properties.persistent ? 2 : 1
        if let text = properties.contentType {
            flags |= UInt32(AMQP_BASIC_CONTENT_TYPE_FLAG)
            result.content_type = bytes(text)
        }
        if let text = properties.messageID ?? messageID {
            flags |= UInt32(AMQP_BASIC_MESSAGE_ID_FLAG)
            result.message_id = bytes(text)
        }
        if let text = properties.correlationID {
            flags |= UInt32(AMQP_BASIC_CORRELATION_ID_FLAG)
            result.correlation_id = bytes(text)
        }
        if let text = properties.type {
            flags |= UInt32(AMQP_BASIC_TYPE_FLAG)
            result.type = bytes(text)
        }
        if let text = properties.appID {
            flags |= UInt32(AMQP_BASIC_APP_ID_FLAG)
            result.app_id = bytes(text)
        }
        if let seconds = properties.timestamp {
            flags |= UInt32(AMQP_BASIC_TIMESTAMP_FLAG)
            result.timestamp = seconds
        }
        if !properties.headers.isEmpty {
            flags |= UInt32(AMQP_BASIC_HEADERS_FLAG)
            result.headers = table(properties.headers)
        }
        result._flags = amqp_flags_t(flags)
        return result
    }
}

extension MessageProperties {
    /// Copies properties the library decoded.
    init(_ decoded: amqp_basic_properties_t) {
        let flags = UInt32(decoded._flags)
        func text(_ flag: Int32, _ bytes: amqp_bytes_t) -> String? {
            flags & UInt32(bitPattern: flag) == 0 ? nil : String(bytes)
        }
        self.init(
            contentType: text(Int32(AMQP_BASIC_CONTENT_TYPE_FLAG), decoded.content_type),
            messageID: text(Int32(AMQP_BASIC_MESSAGE_ID_FLAG), decoded.message_id),
            correlationID: text(Int32(AMQP_BASIC_CORRELATION_ID_FLAG), decoded.correlation_id),
            type: text(Int32(AMQP_BASIC_TYPE_FLAG), decoded.type),
            appID: text(Int32(AMQP_BASIC_APP_ID_FLAG), decoded.app_id),
            timestamp: flags & UInt32(AMQP_BASIC_TIMESTAMP_FLAG) == 0 ? nil : decoded.timestamp,
            persistent: flags & UInt32(AMQP_BASIC_DELIVERY_MODE_FLAG) != 0 && decoded.delivery_mode == 2,
            headers: flags & UInt32(AMQP_BASIC_HEADERS_FLAG) == 0 ? [:] : [String: FieldValue](decoded.headers))
    }
}
