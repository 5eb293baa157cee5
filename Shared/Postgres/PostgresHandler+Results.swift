import CPostgres
import DequeModule

extension PostgresHandler {
    /// Reads what has arrived and works through every complete answer.
    func receive() {
        guard let connection else { return }
        let alive = PQconsumeInput(connection) == 1
        if phase == .scripting { receiveScript(connection) } else { receivePipeline(connection) }
        guard phase != .closed else { return }
        receiveNotifications(connection)
        if !alive || PQstatus(connection) == CONNECTION_BAD { lost() }
    }

    private func receivePipeline(_ connection: OpaquePointer) {
        var progress = false
        while !machine.isIdle, PQisBusy(connection) == 0 {
            guard let result = PQgetResult(connection) else {
                // More ends than results mean that nothing complete is left.
                if machine.received(.end) == .violation { break }
                continue
            }
            defer { PQclear(result) }
            progress = true
            let status = PQresultStatus(result)
            // libpq makes an error of its own when the connection breaks: that is a loss, not an answer.
            if status == PGRES_FATAL_ERROR, ResultReader.field(result, "C") == nil { return lost() }
            guard let reply = Self.reply(status) else { return violation("an answer of an unexpected kind") }
            interpret(machine.received(reply), result)
            if phase == .closed { return }
        }
        if progress { lastProgress = .now }
    }

    private static func reply(_ status: ExecStatusType) -> PipelineStateMachine.Reply? {
        switch status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: .success
        case PGRES_FATAL_ERROR: .failure
        case PGRES_PIPELINE_ABORTED: .aborted
        case PGRES_PIPELINE_SYNC: .sync
        default: nil
        }
    }

    private func interpret(_ action: PipelineStateMachine.Action, _ result: OpaquePointer) {
        switch action {
        case .none: break
        case .prepared(let name): cache.confirm(name: name)
        case .notPrepared(let name, let reportsError):
            cache.forget(name: name)
            if reportsError { headFails(ResultReader.error(result)) }
        case .deliver:
            inFlight[0].results.append(ResultReader.statementResult(result))
        case .fail(let name):
            let error = ResultReader.error(result)
            // The statement's plan is stale or gone; the next use prepares it again.
            if let name, error.sqlState == .invalidStatementName || error.sqlState == .featureNotSupported {
                cache.forget(name: name)
            }
            headFails(error)
        case .finishGroup:
            let head = inFlight.removeFirst()
            if let error = head.error {
                if !runAgain(head, error) { head.group?.completion.complete(.failure(error)) }
            } else {
                head.group?.completion.complete(.success(head.results))
            }
        case .violation: violation("an answer that belongs to nothing that was sent")
        }
    }

    private func headFails(_ error: PostgresError) {
        let index = inFlight[0].results.count
        guard let statements = inFlight[0].group?.statements else { return }
        inFlight[0].error = PostgresError(
            error.code, error.message, sqlState: error.sqlState, server: error.server, wasSent: true,
            statementIndex: index, sql: statements.indices.contains(index) ? statements[index].sql : nil)
    }

    func violation(_ what: String) {
        fail(PostgresError(.protocolViolation, "the connection was given up: libpq gave \(what)", wasSent: true))
    }

    private func receiveNotifications(_ connection: OpaquePointer) {
        while let notification = PQnotifies(connection) {
            let channel = String(cString: notification.pointee.relname)
            let payload = notification.pointee.extra.map { String(cString: $0) } ?? ""
            PQfreemem(notification)
            setup.onNotification?(PostgresNotification(channel: channel, payload: payload))
        }
    }

    // MARK: Scripts

    /// Leaves pipeline mode and sends the script by the simple protocol.
    func start(_ script: Script, _ connection: OpaquePointer) {
        self.script = script
        scriptError = nil
        cancellation.scriptAbandonedAt = nil
        phase = .scripting
        guard PQexitPipelineMode(connection) == 1, PQsendQuery(connection, script.sql) == 1 else { return lost() }
        flush()
    }

    private func receiveScript(_ connection: OpaquePointer) {
        while PQisBusy(connection) == 0 {
            guard let result = PQgetResult(connection) else { return finishScript(connection) }
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: break
            case PGRES_FATAL_ERROR:
                if ResultReader.field(result, "C") == nil { return lost() }
                scriptError = scriptError ?? ResultReader.error(result)
            default:
                return violation("an answer to a script that only plain statements may have (COPY is not supported)")
            }
        }
    }

    private func finishScript(_ connection: OpaquePointer) {
        guard PQenterPipelineMode(connection) == 1 else { return lost() }
        phase = .pipelining
        lastProgress = .now
        let outcome: Completion<[StatementResult]>.Outcome =
            scriptError.map { .failure($0) } ?? .success([])
        let completion = script?.completion
        script = nil
        scriptError = nil
        completion?.complete(outcome)
    }
}

/// Copies results out of libpq.
enum ResultReader {
    /// One field of an error or notice, by the letter of the protocol (`S` severity, `C` SQLSTATE, `M` message...).
    static func field(_ result: OpaquePointer, _ letter: Unicode.Scalar) -> String? {
        PQresultErrorField(result, Int32(letter.value)).map { String(cString: $0) }
    }

    static func error(_ result: OpaquePointer) -> PostgresError {
        var details = PostgresError.ServerDetails()
        details.severity = field(result, "V") ?? field(result, "S")
        details.detail = field(result, "D")
        details.hint = field(result, "H")
        details.table = field(result, "t")
        details.column = field(result, "c")
        details.constraint = field(result, "n")
        return PostgresError(
            .server, field(result, "M") ?? "the server gave no message",
            sqlState: field(result, "C").map { SQLState($0) },
            server: details, wasSent: true)
    }

    static func statementResult(_ result: OpaquePointer) -> StatementResult {
        let tag = PQcmdStatus(result).map { String(cString: $0) } ?? ""
        let affected = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
        let rowCount = Int(PQntuples(result))
        guard rowCount > 0 else { return StatementResult(rows: [], affected: affected, tag: tag) }
        let storage = storage(result, rowCount: rowCount)
        let rows = (0..<rowCount).map { PostgresRow(result: storage, index: $0) }
        return StatementResult(rows: rows, affected: affected, tag: tag)
    }

    private static func storage(_ result: OpaquePointer, rowCount: Int) -> ResultStorage {
        let columnCount = Int(PQnfields(result))
        let columns = (0..<columnCount).map { PQfname(result, Int32($0)).map { String(cString: $0) } ?? "" }
        var cells: [ResultStorage.Cell] = []
        cells.reserveCapacity(rowCount * columnCount)
        var total = 0
        for row in 0..<Int32(rowCount) {
            for column in 0..<Int32(columnCount) {
                let length = PQgetisnull(result, row, column) == 1 ? -1 : Int(PQgetlength(result, row, column))
                cells.append(ResultStorage.Cell(offset: total, length: length))
                total += max(length, 0)
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(total)
        var next = 0
        for row in 0..<Int32(rowCount) {
            for column in 0..<Int32(columnCount) {
                let length = cells[next].length
                next += 1
                guard length > 0, let value = PQgetvalue(result, row, column) else { continue }
                bytes.append(contentsOf: UnsafeRawBufferPointer(start: value, count: length))
            }
        }
        return ResultStorage(columns: columns, cells: cells, bytes: bytes)
    }
}
