/// Where a server listens: a host and a port.
public struct BindTarget: Sendable, Hashable, CustomStringConvertible {
    /// A name, or a v4 or v6 address without brackets.
    public let host: String
    /// 0 lets the system choose.
    public let port: Int

    /// Makes a target of its parts.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, `[v6]:port`, `:port` or `port`; without a host it is `0.0.0.0`.
    public init?(_ text: String) {
        let hostText: Substring
        let portText: Substring
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            hostText = text[text.index(after: text.startIndex)..<close]
            let rest = text[text.index(after: close)...]
            guard rest.hasPrefix(":"), !hostText.isEmpty else { return nil }
            portText = rest.dropFirst()
        } else if let colon = text.lastIndex(of: ":") {
            hostText = text[..<colon]
            portText = text[text.index(after: colon)...]
            guard !hostText.contains(":") else { return nil }
        } else {
            hostText = ""
            portText = text[...]
        }
        guard let port = Int(portText), (0...65_535).contains(port), !hostText.contains(where: \.isWhitespace) else {
            return nil
        }
        self.init(host: hostText.isEmpty ? "0.0.0.0" : String(hostText), port: port)
    }

    /// `host:port`.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
