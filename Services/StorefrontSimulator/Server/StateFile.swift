import Foundation
import JSON
import Logging
import ServiceLifecycle

/// Keeps the stores in a file, so that they survive the simulator's own restart.
struct StateFile: Service {
    let path: String
    let stores: StoreDirectory
    let logger: Logger

    /// Reads the file if there is one.
    func load() throws {
        guard let data = FileManager.default.contents(atPath: path) else { return }
        stores.restore(
            try JSONValue(parsing: Array(data), limits: JSONLimits(depth: 64, bytes: 1 << 30, values: 1 << 30)))
    }

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var written = stores.changes
            while true {
                try await Task.sleep(for: .seconds(1))
                let changes = stores.changes
                guard changes != written else { continue }
                written = changes
                save()
            }
        }
        save()
    }

    private func save() {
        do {
            try Data(stores.snapshot.encoded()).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            logger.warning("state not written", metadata: ["path": "\(path)", "error": "\(error)"])
        }
    }
}
