import JSON
import Logging
import NIOConcurrencyHelpers
import Testing

@testable import Observability

@Suite struct StructuredLogHandlerTests {
    private final class Lines: Sendable {
        private let lines = NIOLockedValueBox<[String]>([])
        var all: [String] { lines.withLockedValue { $0 } }

        func sink() -> LogSink {
            LogSink { bytes in self.lines.withLockedValue { $0.append(String(decoding: bytes, as: UTF8.self)) } }
        }
    }

    private struct Trouble: Error, CustomStringConvertible {
        let description = "it broke with password=tiger"
    }

    private func logger(_ lines: Lines, _ format: LogFormat, level: Logger.Level = .info) -> Logger {
        Logger(label: "ingest") { label in
            StructuredLogHandler(label: label, format: format, level: level, sink: lines.sink()) {
                1_767_225_600_000_000 + 1_234
            }
        }
    }

    private func object(_ line: String?) throws -> JSONValue {
        let line = try #require(line)
        #expect(line.hasSuffix("\n"))
        return try JSONValue(parsing: Array(line.utf8.dropLast()))
    }

    @Test func `A JSON line is one object with time, level, logger and message`() throws {
        let lines = Lines()
        logger(lines, .json).info("delivery accepted", metadata: ["store": "shop-au", "bytes": "\(4_096)"])
        let value = try object(lines.all.first)
        #expect(value["time"]?.string == "2026-01-01T00:00:00.001234Z")
        #expect(value["level"]?.string == "info")
        #expect(value["logger"]?.string == "ingest")
        #expect(value["message"]?.string == "delivery accepted")
        #expect(value["store"]?.string == "shop-au")
    }

    @Test func `Numbers and nested values keep their shape in JSON`() throws {
        let lines = Lines()
        logger(lines, .json).info(
            "x", metadata: ["n": .stringConvertible(7), "list": ["a", "b"], "map": ["token": "t", "k": "v"]])
        let value = try object(lines.all.first)
        #expect(value["n"]?.int == 7)
        #expect(value["list"]?[1]?.string == "b")
        #expect(value["map"]?["k"]?.string == "v")
        #expect(value["map"]?["token"]?.string == Redactor.mask)
    }

    @Test func `Secrets never reach a line`() {
        let lines = Lines()
        for format in LogFormat.allCases {
            logger(lines, format).warning(
                "calling amqp://u:hunter2@h/", error: Trouble(),
                metadata: ["authorization": "Bearer hunter2hunter2", "url": "http://a:hunter2@b/c"])
        }
        #expect(lines.all.count == 2)
        for line in lines.all {
            #expect(!line.contains("hunter2"))
            #expect(!line.contains("tiger"))
            #expect(line.contains("[redacted]"))
        }
    }

    @Test func `Control characters cannot start another line`() throws {
        let lines = Lines()
        for format in LogFormat.allCases {
            logger(lines, format).info("a\nb", metadata: ["k": "x\r\n\u{1b}[31m\u{0}"])
        }
        for line in lines.all {
            #expect(line.utf8.filter { $0 < 0x20 }.count == 1)
        }
        #expect(try object(lines.all.first)["k"]?.string == "x\r\n\u{1b}[31m\u{0}")
    }

    @Test func `A metadata key cannot take a reserved one's place`() throws {
        let lines = Lines()
        logger(lines, .json).info("real", metadata: ["message": "false"])
        let value = try object(lines.all.first)
        #expect(value["message"]?.string == "real")
        #expect(value["message_"]?.string == "false")
    }

    @Test func `A text line reads time, level, logger, message, values`() {
        let lines = Lines()
        logger(lines, .text).notice("store reloaded", metadata: ["store": "shop-au", "why": "it changed"])
        #expect(
            lines.all == [
                "2026-01-01T00:00:00.001234Z notice   ingest: store reloaded store=shop-au why=\"it changed\"\n"
            ])
    }

    @Test func `Events below the level are dropped`() {
        let lines = Lines()
        logger(lines, .text, level: .warning).info("quiet")
        #expect(lines.all.isEmpty)
    }

    @Test func `Times before 1970 are written too`() {
        var line: [UInt8] = []
        LogTime.append(-1, to: &line)
        #expect(String(decoding: line, as: UTF8.self) == "1969-12-31T23:59:59.999999Z")
    }
}
