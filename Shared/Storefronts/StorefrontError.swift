/// Why a storefront could not be read, or what it said could not be understood.
public struct StorefrontError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of trouble it is.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name of the code.
        public let description: String

        /// The store refuses our key: a person must give a new one.
        public static let unauthorised = Code(description: "unauthorised")
        /// The store does not have what was asked for.
        public static let notFound = Code(description: "not found")
        /// The store cannot be reached, or answers with a server's error.
        public static let unavailable = Code(description: "unavailable")
        /// The store did not answer in time.
        public static let timeout = Code(description: "timeout")
        /// The store asks to be asked less often.
        public static let rateLimited = Code(description: "rate limited")
        /// The store's address, or how it is set up, is wrong: a person must look.
        public static let misconfigured = Code(description: "misconfigured")
        /// The store refuses the request as such.
        public static let refused = Code(description: "refused")
        /// The answer is longer than the limit.
        public static let tooLarge = Code(description: "too large")
        /// What the store said is not what its documentation promises.
        public static let malformed = Code(description: "malformed")
        /// A part of the order has not been read yet, such as the details of a refund: read it again.
        public static let incomplete = Code(description: "incomplete")
        /// What the store said is understood, and is no order: there is nothing to plan.
        public static let notAnOrder = Code(description: "not an order")
        /// What the store said is understood, but cannot be posted by itself: a person must enter it.
        public static let unsupported = Code(description: "unsupported")
    }

    /// What kind of trouble it is.
    public let code: Code
    /// What happened, in words; safe to log.
    public let message: String
    /// How long the store asked to wait, if it did.
    public let retryAfter: Duration?

    /// Makes an error.
    public init(_ code: Code, _ message: String, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }

    /// Whether asking again later can help without a person having done something.
    public var isRetryable: Bool {
        [.unavailable, .timeout, .rateLimited, .incomplete].contains(code)
    }

    /// The message.
    public var description: String { message }
}
