import Ledger
import Xero

/// What came of sending a request.
enum Sent: Sendable {
    /// Some response.
    case answered(XeroResponse)
    /// Certainly not sent.
    case notSent(String)
    /// Perhaps carried out.
    case noAnswer(String)
}

/// Sends requests to one organisation, with its token.
struct XeroCaller: Sendable {
    let transport: XeroTransport
    let tokens: XeroTokenSource
    let tenantID: String?

    /// Sends a request.
    /// - Parameters:
    ///   - request: the request without what every call carries.
    ///   - key: the idempotency key of a write.
    ///   - token: an access token.
    func send(_ request: XeroRequest, key: String?, token: String) async -> Sent {
        do {
            return .answered(
                try await transport.api(request.authorised(token: token, tenantID: tenantID, idempotencyKey: key)))
        } catch let error as XeroTransportError {
            switch error.code {
            case .notSent: return .notSent(error.message)
            case .noAnswer: return .noAnswer(error.message)
            }
        } catch {
            return .noAnswer("the request was abandoned")
        }
    }
}

extension CallRecord {
    /// The request as it was recorded: the same bytes every time.
    var request: XeroRequest {
        XeroRequest(
            method: XeroRequest.Method(rawValue: method) ?? .get, path: path, body: body.map { Array($0.utf8) } ?? [])
    }
}
