import CPostgres
import Glibc
import IOThread
import Logging

extension PostgresHandler {
    /// Begins the connection. Names are resolved here and may block this thread; nothing else runs on it yet.
    func startConnect(now: ContinuousClock.Instant) {
        connectDeadline = now.advanced(by: setup.configuration.connectTimeout)
        let parameters = setup.configuration.connectParameters
        connection = Self.withCStrings(parameters.map(\.keyword)) { keywords in
            Self.withCStrings(parameters.map(\.value)) { values in
                PQconnectStartParams(keywords, values, 1)
            }
        }
        guard let connection else {
            return fail(PostgresError(.connection, "libpq has no memory for a connection"))
        }
        PQsetNoticeReceiver(connection, receiveNotice, Unmanaged.passUnretained(notices).toOpaque())
        if PQstatus(connection) == CONNECTION_BAD { return connectFailed(connection) }
        phase = .connecting
        connectInterest = .write
    }

    /// Continues the connection when its socket is ready.
    func pollConnect() {
        guard let connection else { return }
        switch PQconnectPoll(connection) {
        case PGRES_POLLING_READING: connectInterest = .read
        case PGRES_POLLING_WRITING: connectInterest = .write
        case PGRES_POLLING_OK: connected(connection)
        default: connectFailed(connection)
        }
    }

    private func connectFailed(_ connection: OpaquePointer) {
        fail(PostgresError(.connection, ConnectAdvice.explain(Self.text(connection), connection)))
    }

    private func connected(_ connection: OpaquePointer) {
        guard PQsetnonblocking(connection, 1) == 0, PQenterPipelineMode(connection) == 1 else {
            return connectFailed(connection)
        }
        phase = .pipelining
        connectDeadline = nil
        lastProgress = .now
        setup.opened.complete(.success(()))
        send()
    }

    /// Calls `body` with a NULL-terminated array of C strings, valid during the call.
    private static func withCStrings<R>(
        _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> R
    ) -> R {
        var pointers: [UnsafePointer<CChar>?] = strings.map { UnsafePointer(strdup($0)) }
        defer { for pointer in pointers { free(UnsafeMutablePointer(mutating: pointer)) } }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("an array with an element has an address") }
            return body(base)
        }
    }
}

/// Where the server's notices go. Used by the connection's thread only.
final class NoticeSink {
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// Warnings are for somebody to see; what PostgreSQL calls notices (a table that exists already) is not.
    func log(severity: String, sqlState: String, message: String) {
        logger.log(
            level: severity == "WARNING" ? .warning : .debug, "notice from PostgreSQL",
            metadata: [
                PostgresLogKey.severity: "\(severity)", PostgresLogKey.sqlState: "\(sqlState)",
                PostgresLogKey.message: "\(message)",
            ])
    }
}

/// libpq calls this on the connection's thread, from inside our own calls to it; `context` is the handler's sink, which
/// lives as long as the handler and therefore longer than the connection.
private func receiveNotice(context: UnsafeMutableRawPointer?, result: OpaquePointer?) {
    guard let context, let result else { return }
    let sink = Unmanaged<NoticeSink>.fromOpaque(context).takeUnretainedValue()
    sink.log(
        severity: ResultReader.field(result, "V") ?? "", sqlState: ResultReader.field(result, "C") ?? "",
        message: ResultReader.field(result, "M") ?? "")
}
