import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import SimulatedXero

/// Takes requests from HTTP to the simulated Xero, makes them take time, and lets connections fail.
struct CallHandling: Sendable {
    let xero: SimulatedXero
    let later: DelayedCommits
    /// Xero's largest request, 10 MB.
    private static let bodyLimit = 10 << 20

    /// The connection has been broken on purpose.
    private struct ConnectionBroken: Error {}

    func respond(to request: Request, on channel: any Channel) async throws -> Response {
        var request = request
        let body = try await request.collectBody(upTo: Self.bodyLimit)
        switch xero.begin(simulated(request, Array(buffer: body))) {
        case .answered(let response):
            return http(response)
        case .admitted(let call):
            defer { xero.finish(call) }
            if call.fault == .commitLate {
                later.add(call)
                await hang(call, request)
                return try await breakOff(channel)
            }
            try? await Task.sleep(for: .microseconds(call.latencyMicroseconds))
            let outcome = xero.perform(call)
            switch outcome.delivery {
            case .answer: return http(outcome.response)
            case .hang: await hang(call, request)
            case .reset: break
            }
            return try await breakOff(channel)
        }
    }

    private func simulated(_ request: Request, _ body: [UInt8]) -> SimulatedRequest {
        var headers: [String: String] = [:]
        for field in request.headers { headers[field.name.canonicalName] = field.value }
        return SimulatedRequest(
            method: request.method.rawValue, target: request.uri.string, headers: headers, body: body)
    }

    /// Waits until the caller gives the connection up, the hang is over, or the simulator is to stop.
    private func hang(_ call: SimulatedCall, _ request: Request) async {
        let (closed, close) = AsyncStream<Never>.makeStream()
        try? await request.body.consumeWithInboundCloseHandler { _ in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in closed {} }
                group.addTask {
                    try? await cancelWhenGracefulShutdown {
                        try await Task.sleep(for: .microseconds(call.hangMicroseconds))
                    }
                }
                await group.next()
                group.cancelAll()
            }
        } onInboundClosed: {
            close.finish()
        }
    }

    /// Closes the connection with a reset, so that the caller sees it break.
    private func breakOff(_ channel: any Channel) async throws -> Response {
        if let options = channel as? any SocketOptionProvider {
            try? await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        try? await channel.close()
        throw ConnectionBroken()
    }

    private func http(_ response: SimulatedResponse) -> Response {
        var headers = HTTPFields()
        for (name, value) in response.headers {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        return Response(
            status: HTTPResponse.Status(code: response.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: response.body)))
    }
}
