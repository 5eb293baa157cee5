import Accounting
import Foundation
import JSON
import SimulatedWooCommerce
import Testing

@testable import Play

@Suite("Recorded payloads")
struct InputFolderTests {
    private func withFolder(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("input-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        try body(folder)
    }

    private static let order = #"{"id":5,"status":"processing","line_items":[],"total":"3.00","currency":"SEK"}"#

    @Test("each order gets a store of its own, lists are split, everything else is named")
    func reads() throws {
        let files = [
            "a.json": Self.order, "b-list.json": "[\(Self.order),{\"id\":9}]", "c.json": "{broken", "d.txt": "ignored",
        ]
        try withFolder(files) { path in
            let folder = try InputFolder(path: path)
            #expect(folder.recordings.map(\.file) == ["a.json", "b-list.json[0]"])
            #expect(Set(folder.recordings.map(\.store.id)).count == 2)
            #expect(folder.others.map(\.file) == ["b-list.json[1]", "c.json"])
            #expect(folder.currencies == ["SEK"])
            let order = try #require(folder.orders.first)
            #expect(order.expected.books?.total == ExactDecimal(3))
            #expect(order.expected.books?.paid == .zero)
            #expect(!order.outcomeIsKnown)
        }
    }

    @Test("a folder that is not there, or without payloads, is said to be so")
    func refuses() throws {
        #expect(throws: PlayError.self) { try InputFolder(path: "/nowhere/at/all") }
        try withFolder(["readme.txt": ""]) { path in
            #expect(throws: PlayError.self) { try InputFolder(path: path) }
        }
    }

    @Test(
        "what is no order is named for what it is",
        arguments: [
            (#"{"id":727}"#, "only an id, as order.deleted sends"),
            (#"{"code":"x","message":"y","data":{"status":401}}"#, "an error object"),
            (#"{"id":1,"amount":"9.00","line_items":[]}"#, "a refund"),
            (#"{"id":1,"sku":"A","price":"1"}"#, "a product"),
            (#"{"status":"processing","line_items":[]}"#, "an order without an id"),
            ("7", "a JSON number, not an object"),
        ])
    func names(text: String, reason: String) throws {
        #expect(InputFolder.whyNoOrder(try JSONValue(parsing: text)) == reason)
    }

    @Test("a store's id is made of what an id may have")
    func storeIDs() {
        let id = InputFolder.storeID(position: "12", file: "deep/Ordér_560 all refunds & more of it.json")
        #expect(id.utf8.count <= 32)
        #expect(id.hasPrefix("f12-ord"))
        #expect(id.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") })
    }

    @Test("refunds an order mentions become amounts without lines")
    func refunds() throws {
        let order = try JSONValue(parsing: #"{"id":1,"refunds":[{"id":8,"reason":"x","total":"-4.50"}]}"#)
        let refunds = InputFolder.refunds(of: try #require(order.object))
        #expect(refunds.map { $0["amount"]?.string } == ["4.50"])
    }
}
