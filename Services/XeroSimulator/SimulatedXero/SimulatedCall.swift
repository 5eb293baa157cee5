import Accounting
import JSON

/// What becomes of a request at first: an answer at once, or a call to be carried out.
public enum SimulatedAdmission: Sendable {
    /// Answered without counting as a call in progress.
    case answered(SimulatedResponse)
    /// Let in: it is in progress until it is finished.
    case admitted(SimulatedCall)
}

/// A call in progress.
public struct SimulatedCall: Sendable {
    /// The request.
    public let request: SimulatedRequest
    /// The key of the organisation it is for, or nil for a call to the identity server.
    public let organisation: String?
    /// What goes wrong with it, or nil.
    public let fault: SimulatedFault?
    /// How long the call is to take, in microseconds.
    public let latencyMicroseconds: Int64
    /// How long a late commit waits, in microseconds.
    public let delayMicroseconds: Int64
    /// How long a hang keeps the connection, in microseconds.
    public let hangMicroseconds: Int64
    let clientID: String?
    let json: JSONValue?
    let admittedAt: Instant
    /// What a refusal on purpose says.
    var message: String?
}

/// How a call ends for the caller.
public struct SimulatedOutcome: Sendable {
    /// Whether an answer is delivered.
    public enum Delivery: Sendable {
        /// The answer is sent.
        case answer
        /// Nothing is sent, and the connection stays open for as long as a hang lasts.
        case hang
        /// Nothing is sent, and the connection breaks.
        case reset
    }

    /// The answer; without meaning if it is not delivered.
    public let response: SimulatedResponse
    /// Whether it is delivered.
    public let delivery: Delivery
}
