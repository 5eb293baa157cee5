import ArgumentParser
import Testing

@testable import Play

@Suite("Playing through what runs already")
struct AttachmentTests {
    private static let addresses = ["--xero", "http://x:1/", "--storefront", "http://s:2", "--ingest", "http://i:3"]

    @Test("takes addresses of all three, with or without a slash at the end, and starts nothing")
    func attached() throws {
        _ = try Main.parse(["--attach"] + Self.addresses)
        let attachment = Attachment(xero: "http://x:1/", storefront: "http://s:2", ingest: "http://i:3")
        let fleet = Fleet(folder: "/nowhere", binaries: "/nowhere", attachedTo: attachment)
        #expect(fleet.xeroURL == "http://x:1")
        #expect(fleet.isAttached && fleet.environment.isEmpty)
        #expect(fleet.members.map(\.name) == ["xero-simulator", "storefront-simulator"])
        #expect(fleet.members.allSatisfy { $0.command == nil && !$0.isService })
    }

    @Test(
        "refuses what it cannot do with what is not its own",
        arguments: [
            ["--attach"], ["--attach", "--xero", "http://x:1"], addresses, ["--attach", "--chaos", "5"] + addresses,
            ["--attach", "--outages"] + addresses, ["--spread", "-1"],
        ])
    func refused(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try Main.parse(arguments) }
    }
}
