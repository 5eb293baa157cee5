import CPostgres
import DequeModule
import Glibc
import IOThread
import Logging

/// What is known of requests to cancel on one connection.
///
/// The server takes such a request on a connection of its own and stops whatever the session works on at that moment. So
/// while one is under way nothing new is sent, and a group that was hit in place of the one that was meant, which by then
/// had finished, is undone by the server and sent again.
struct Cancellation {
    /// Work that takes longer than this after nobody waits for it is worth a request.
    static let patience = Duration.milliseconds(20)
    /// How long a request may take before the connection is given up, since it might hit anything later.
    static let limit = Duration.seconds(5)

    /// When the request under way must have ended.
    var deadline: ContinuousClock.Instant?
    /// Since when nobody waits for the script that is running; nil if somebody does, or it has been cancelled.
    var scriptAbandonedAt: ContinuousClock.Instant?

    var isUnderWay: Bool { deadline != nil }
}

extension PostgresHandler {
    /// When ``cancelDue(now:)`` has something to do.
    var cancelDeadline: ContinuousClock.Instant? {
        if let deadline = cancellation.deadline { return deadline }
        let since = phase == .scripting ? cancellation.scriptAbandonedAt : inFlight.first?.abandonedAt
        return since?.advanced(by: Cancellation.patience)
    }

    static func earlier(
        _ one: ContinuousClock.Instant?, _ other: ContinuousClock.Instant?
    ) -> ContinuousClock.Instant? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }

    /// Nobody waits for this outcome any more.
    func abandon(_ completion: Completion<[StatementResult]>, now: ContinuousClock.Instant) {
        if let script, script.completion === completion {
            cancellation.scriptAbandonedAt = now
            return
        }
        if let index = inFlight.firstIndex(where: { $0.group?.completion === completion }) {
            inFlight[index].abandonedAt = now
            return
        }
        let waiting = backlog.firstIndex { command in
            guard case .group(let group) = command else { return false }
            return group.isIndependent && group.completion === completion
        }
        guard let waiting else { return }
        backlog.remove(at: waiting)
        completion.complete(.failure(PostgresError(.cancelled, "the calling task was cancelled")))
    }

    /// Asks the server to stop the abandoned work, or gives the connection up when an earlier request does not end.
    func cancelDue(now: ContinuousClock.Instant) {
        if cancellation.isUnderWay {
            return fail(
                PostgresError(
                    .timeout,
                    "\(setup.configuration.displayName) did not take a request to cancel a statement within "
                        + "\(Cancellation.limit), so the connection was given up"))
        }
        if phase == .scripting {
            cancellation.scriptAbandonedAt = nil
        } else if !inFlight.isEmpty {
            inFlight[0].abandonedAt = nil
            inFlight[0].isBystander = false
            for index in inFlight.indices.dropFirst() { inFlight[index].isBystander = true }
        }
        guard let connection, let request = PQgetCancel(connection) else { return }
        cancellation.deadline = now.advanced(by: Cancellation.limit)
        // libpq's request blocks, and its memory is handed to the thread that makes it as a number.
        let address = UInt(bitPattern: request)
        let (port, logger, id) = (setup.port, setup.logger, setup.id)
        NamedThread.start(name: "postgres-cancel") {
            var words = [CChar](repeating: 0, count: 256)
            let request = OpaquePointer(bitPattern: address)
            let accepted = PQcancel(request, &words, Int32(words.count)) == 1
            PQfreeCancel(request)
            if !accepted {
                let text = String(decoding: words.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
                logger.info(
                    "a statement could not be cancelled",
                    metadata: [PostgresLogKey.connection: "\(id)", PostgresLogKey.error: "\(text)"])
            }
            port.send(.cancelEnded)
        }
    }

    /// The server has the request, or will never have it.
    func cancelEnded() { cancellation.deadline = nil }

    /// Sends a group again that a request meant for another one has stopped; true if it did.
    func runAgain(_ entry: InFlight, _ error: PostgresError) -> Bool {
        guard entry.isBystander, entry.abandonedAt == nil, error.sqlState == .queryCanceled, let group = entry.group,
            group.isIndependent
        else { return false }
        backlog.prepend(.group(group))
        return true
    }
}
