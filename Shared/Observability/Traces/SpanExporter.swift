public import Logging
public import ServiceLifecycle

/// Hands ended spans to a collector, in batches, every few seconds or as soon as a batch is full.
///
/// Nothing waits for it: while the collector is away spans wait in their bounded buffer, and those beyond are dropped and
/// counted. On a graceful stop what waits is sent once more, within a bound.
public final class SpanExporter: Service, CustomStringConvertible {
    /// What became of a request.
    public enum Answer: Sendable, Hashable {
        /// Taken.
        case taken
        /// Refused: the same spans need not be sent again.
        case refused(String)
        /// Not now: the same spans are sent again later, a few times.
        case later(String)
    }

    /// How an exporter works.
    public struct Settings: Sendable, Hashable {
        /// What the collector shows as the service.
        public var service: String
        /// What tells processes of one service apart.
        public var instance: String
        /// The pause between exports. Default 5 s.
        public var interval: Duration
        /// How long one request may take. Default 5 s.
        public var deadline: Duration
        /// How long the last export may take when the process stops. Default 3 s.
        public var flushDeadline: Duration
        /// How often the same spans are sent before they are dropped. Default 5.
        public var attempts: Int

        /// Makes settings; all but the names have defaults.
        public init(
            service: String, instance: String, interval: Duration = .seconds(5), deadline: Duration = .seconds(5),
            flushDeadline: Duration = .seconds(3), attempts: Int = 5
        ) {
            self.service = service
            self.instance = instance
            self.interval = interval
            self.deadline = deadline
            self.flushDeadline = flushDeadline
            self.attempts = attempts
        }
    }

    /// Spans that were taken from the buffer and not yet by the collector.
    private struct Progress {
        var spans: [Span] = []
        var attempts = 0
        var isTroubled = false
    }

    private let buffer: SpanBuffer
    private let settings: Settings
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let send: @Sendable ([UInt8]) async throws -> Answer

    /// Makes an exporter.
    ///
    /// - Parameters:
    ///   - buffer: where the tracer puts ended spans.
    ///   - settings: names, pauses and bounds.
    ///   - clock: of the pauses and bounds.
    ///   - logger: for its lines.
    ///   - send: posts a body of JSON to the collector; throwing counts as ``Answer/later(_:)``.
    public init(
        buffer: SpanBuffer, settings: Settings, clock: any Clock<Duration> = ContinuousClock(), logger: Logger,
        send: @escaping @Sendable ([UInt8]) async throws -> Answer
    ) {
        self.buffer = buffer
        self.settings = settings
        self.clock = clock
        self.logger = logger
        self.send = send
    }

    /// The service's name in lifecycle logs.
    public var description: String { "trace exporter" }

    /// Exports until told to stop, then what is left.
    public func run() async throws {
        let (buffer, clock, interval) = (buffer, clock, settings.interval)
        await withGracefulShutdownHandler {
            var progress = Progress()
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    while (try? await clock.sleep(for: interval)) != nil { buffer.wake() }
                }
                for await _ in buffer.wakes {
                    // A stop ends the request that is under way; its spans are sent once more below.
                    progress = await cancelWhenGracefulShutdown { [self, progress] in
                        var progress = progress
                        await export(&progress, within: settings.deadline)
                        return progress
                    }
                }
                group.cancelAll()
            }
            if !Task.isCancelled { await flush(progress) }
        } onGracefulShutdown: {
            buffer.close()
        }
    }

    /// Sends what waits, batch after batch, until there is none or the collector does not take it.
    private func export(_ progress: inout Progress, within deadline: Duration) async {
        while true {
            if progress.spans.isEmpty {
                progress.spans = buffer.take()
                progress.attempts = 0
            }
            guard !progress.spans.isEmpty else { return }
            let body = SpanEncoding.body(progress.spans, service: settings.service, instance: settings.instance)
            switch await answer(body, within: deadline) {
            case .taken:
                buffer.noteExported(progress.spans.count)
                progress.spans = []
                if progress.isTroubled { logger.notice("traces are exported again") }
                progress.isTroubled = false
            case .refused(let reason):
                drop(&progress, reason)
            case .later(let reason):
                if Task.isCancelled { return }
                progress.attempts += 1
                if progress.attempts >= settings.attempts { drop(&progress, reason) }
                tell(&progress, reason)
                return
            }
        }
    }

    /// Sends what is left when the process stops, all of it within one bound; what is not taken by then is dropped.
    private func flush(_ left: Progress) async {
        let (clock, bound) = (clock, settings.flushDeadline)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var progress = left
                await self.export(&progress, within: bound)
                self.buffer.noteDropped(progress.spans.count)
            }
            group.addTask { try? await clock.sleep(for: bound) }
            await group.next()
            group.cancelAll()
        }
        buffer.dropAll()
    }

    private func answer(_ body: [UInt8], within deadline: Duration) async -> Answer {
        let (clock, send) = (clock, send)
        return await withTaskGroup(of: Answer?.self) { group in
            group.addTask {
                do { return try await send(body) } catch { return .later("\(error)") }
            }
            group.addTask {
                try? await clock.sleep(for: deadline)
                return nil
            }
            defer { group.cancelAll() }
            return (await group.next() ?? nil) ?? .later("no answer within \(deadline)")
        }
    }

    private func drop(_ progress: inout Progress, _ reason: String) {
        buffer.noteDropped(progress.spans.count)
        progress.spans = []
        tell(&progress, reason)
    }

    /// Once for each time of trouble.
    private func tell(_ progress: inout Progress, _ reason: String) {
        guard !progress.isTroubled else { return }
        progress.isTroubled = true
        logger.warning("traces cannot be exported; nothing else is affected", metadata: ["error": "\(reason)"])
    }
}
