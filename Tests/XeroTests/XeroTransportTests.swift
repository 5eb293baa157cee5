import AsyncHTTPClient
import Glibc
import Testing

@testable import Xero

@Suite struct XeroTransportTests {
    @Test(
        "a refused connection was not sent, whether the host is named or numbered",
        arguments: ["127.0.0.1", "localhost"])
    func refused(_ host: String) async throws {
        let (descriptor, port) = try Self.deafPort()
        defer { close(descriptor) }
        let client = XeroTransport.client()
        let transport = XeroTransport.live(
            client: client, configuration: .init(apiURL: "http://\(host):\(port)", callSeconds: 5))
        let failure = await #expect(throws: XeroTransportError.self) {
            _ = try await transport.api(XeroRequest(method: .get, path: "/api.xro/2.0/Invoices"))
        }
        #expect(failure?.code == .notSent)
        try await client.shutdown()
    }

    /// A port that is taken, and at which nobody listens.
    private static func deafPort() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> UInt16? in
                guard bind(descriptor, address, length) == 0, getsockname(descriptor, address, &length) == 0 else {
                    return nil
                }
                return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    UInt16(bigEndian: $0.pointee.sin_port)
                }
            }
        }
        return (descriptor, try #require(port))
    }
}
