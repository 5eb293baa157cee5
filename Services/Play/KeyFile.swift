import Foundation

/// COUNTERFOIL_KEY for runs on this machine: from the environment, else made once and kept below `.local/`.
enum KeyFile {
    static func key(folder: String, environment: [String: String]) throws -> String {
        if let key = environment["COUNTERFOIL_KEY"], !key.isEmpty { return key }
        let path = "\(folder)/play/key"
        if let data = FileManager.default.contents(atPath: path) {
            return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
        let key = Data(bytes).base64EncodedString()
        try FileManager.default.createDirectory(atPath: "\(folder)/play", withIntermediateDirectories: true)
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data((key + "\n").utf8), attributes: [.posixPermissions: 0o600])
        else { throw PlayError("\(path) cannot be written") }
        return key
    }
}
