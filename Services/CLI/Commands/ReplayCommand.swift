import ArgumentParser
import AsyncHTTPClient
import Foundation
import JSON
import Ledger
import NIOCore
import NIOHTTP1
import ServiceKit
import Storefronts

/// `counterfoil replay STORE FILE...`
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Send payload files to ingest as signed webhooks of a store.",
        discussion: """
            The bytes are sent as they are, signed with the store's webhook secret. The order itself is read from the \
            storefront, as for any webhook.
            """)

    @Argument(help: "The store.")
    var store: String

    @Argument(help: "Payload files.")
    var files: [String]

    @Option(name: .long, help: "Where ingest listens. Default: INGEST_URL, else http://localhost:8080.")
    var url: String?

    @Option(name: .long, help: "The topic to send them as.")
    var topic = "order.updated"

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let access = DatabaseAccess()
        let sealing = try access.sealing()
        let store = store
        let record = try await access.withDatabase { client in
            try await StoreLookup.require(store, client)
            return try await ConfigurationLoader.load(from: client, sealing: sealing).stores[store]
        }
        guard let record else {
            throw CommandFailure(
                "The secrets of store \(store) cannot be opened. Is COUNTERFOIL_KEY the services' key?")
        }
        let base = try url ?? access.environment.string("INGEST_URL", default: "http://localhost:8080")
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        var results: [(file: String, status: Int, remark: String)] = []
        for file in files { results.append(await send(file, to: base, as: record, client)) }
        try await client.shutdown()
        var table = TextTable(["file", "status", "remark"], right: ["status"])
        for result in results { table.add([result.file, "\(result.status)", result.remark]) }
        output.show(
            .array(
                results.map {
                    ["file": .string($0.file), "status": .number(JSONNumber($0.status)), "remark": .string($0.remark)]
                }), text: table.lines)
        if results.contains(where: { $0.status != 200 }) { throw CommandOutcome.failed }
    }

    private func send(
        _ file: String, to base: String, as record: StoreRecord, _ client: HTTPClient
    ) async -> (file: String, status: Int, remark: String) {
        guard let data = FileManager.default.contents(atPath: file) else { return (file, 0, "cannot be read") }
        let signature = WooCommerceSignature.signature(body: Array(data), secret: record.webhookSecret)
        var request = HTTPClientRequest(url: "\(base)/webhooks/\(record.id)")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "X-WC-Webhook-Topic", value: topic)
        request.headers.add(name: "X-WC-Webhook-Resource", value: String(topic.prefix { $0 != "." }))
        request.headers.add(name: "X-WC-Webhook-Event", value: String(topic.drop { $0 != "." }.dropFirst()))
        request.headers.add(name: "X-WC-Webhook-Signature", value: signature)
        request.headers.add(name: "X-WC-Webhook-ID", value: "0")
        request.headers.add(name: "X-WC-Webhook-Source", value: record.url + "/")
        request.body = .bytes(ByteBuffer(bytes: data))
        do {
            let response = try await client.execute(request, timeout: .seconds(30))
            let status = Int(response.status.code)
            return (file, status, status == 200 ? "accepted" : "refused: \(response.status.reasonPhrase)")
        } catch {
            return (file, 0, "\(base) cannot be reached (\(error)); is ingest running?")
        }
    }
}
