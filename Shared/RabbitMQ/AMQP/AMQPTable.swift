import CRabbitMQ

extension CArena {
    /// The table in the C library's form, in this arena's memory.
    func table(_ fields: [String: FieldValue]) -> amqp_table_t {
        if fields.isEmpty { return amqp_table_t(num_entries: 0, entries: nil) }
        let entries = allocate(amqp_table_entry_t.self, count: fields.count)
        for (index, field) in fields.enumerated() {
            (entries + index).initialize(to: amqp_table_entry_t(key: bytes(field.key), value: value(field.value)))
        }
        return amqp_table_t(num_entries: Int32(fields.count), entries: entries)
    }

    private func value(_ field: FieldValue) -> amqp_field_value_t {
        var result = amqp_field_value_t()
        switch field {
        case .null: result.kind = UInt8(AMQP_FIELD_KIND_VOID.rawValue)
        case .bool(let flag):
            result.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
            result.value.boolean = flag ? 1 : 0
        case .int(let number):
            result.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
            result.value.i64 = number
        case .double(let number):
            result.kind = UInt8(AMQP_FIELD_KIND_F64.rawValue)
            result.value.f64 = number
        case .string(let text):
            result.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
            result.value.bytes = bytes(text)
        case .bytes(let data):
            result.kind = UInt8(AMQP_FIELD_KIND_BYTES.rawValue)
            result.value.bytes = bytes(data)
        case .timestamp(let seconds):
            result.kind = UInt8(AMQP_FIELD_KIND_TIMESTAMP.rawValue)
            result.value.u64 = seconds
        case .array(let elements):
            result.kind = UInt8(AMQP_FIELD_KIND_ARRAY.rawValue)
            let entries = allocate(amqp_field_value_t.self, count: elements.count)
            for (index, element) in elements.enumerated() { (entries + index).initialize(to: value(element)) }
            result.value.array = amqp_array_t(num_entries: Int32(elements.count), entries: entries)
        case .table(let fields):
            result.kind = UInt8(AMQP_FIELD_KIND_TABLE.rawValue)
            result.value.table = table(fields)
        }
        return result
    }
}

extension String {
    /// Text the library holds; bytes that are not UTF-8 become replacement characters.
    init(_ bytes: amqp_bytes_t) {
        self.init(decoding: UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len), as: UTF8.self)
    }
}

extension [String: FieldValue] {
    /// Copies a table the library decoded; a name that occurs twice keeps its last value.
    init(_ table: amqp_table_t) {
        self.init(minimumCapacity: Int(table.num_entries))
        for index in 0..<Int(table.num_entries) {
            let entry = table.entries[index]
            self[String(entry.key)] = FieldValue(entry.value)
        }
    }
}

extension FieldValue {
    init(_ field: amqp_field_value_t) {
        switch amqp_field_value_kind_t(rawValue: UInt32(field.kind)) {
        case AMQP_FIELD_KIND_BOOLEAN: self = .bool(field.value.boolean != 0)
        case AMQP_FIELD_KIND_I8: self = .int(Int64(field.value.i8))
        case AMQP_FIELD_KIND_U8: self = .int(Int64(field.value.u8))
        case AMQP_FIELD_KIND_I16: self = .int(Int64(field.value.i16))
        case AMQP_FIELD_KIND_U16: self = .int(Int64(field.value.u16))
        case AMQP_FIELD_KIND_I32: self = .int(Int64(field.value.i32))
        case AMQP_FIELD_KIND_U32: self = .int(Int64(field.value.u32))
        case AMQP_FIELD_KIND_I64: self = .int(field.value.i64)
        case AMQP_FIELD_KIND_U64:
            self = Int64(exactly: field.value.u64).map { .int($0) } ?? .string("\(field.value.u64)")
        case AMQP_FIELD_KIND_F32: self = .double(Double(field.value.f32))
        case AMQP_FIELD_KIND_F64: self = .double(field.value.f64)
        case AMQP_FIELD_KIND_DECIMAL:
            self = .string("\(field.value.decimal.value)e-\(field.value.decimal.decimals)")
        case AMQP_FIELD_KIND_UTF8: self = .string(String(field.value.bytes))
        case AMQP_FIELD_KIND_BYTES:
            let bytes = field.value.bytes
            self = .bytes(Array(UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len)))
        case AMQP_FIELD_KIND_TIMESTAMP: self = .timestamp(field.value.u64)
        case AMQP_FIELD_KIND_TABLE: self = .table([String: FieldValue](field.value.table))
        case AMQP_FIELD_KIND_ARRAY:
            let array = field.value.array
            self = .array((0..<Int(array.num_entries)).map { FieldValue(array.entries[$0]) })
        default: self = .null
        }
    }
}
