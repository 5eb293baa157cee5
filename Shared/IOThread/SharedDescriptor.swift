import Glibc
import NIOConcurrencyHelpers

/// A socket that a watchdog may shut down while the thread that owns it hangs in a call.
///
/// `shutdown(2)` makes a blocked read, write or poll on the socket return, and unlike `close(2)` it is safe from another
/// thread, as long as the number still means the same socket: the owner therefore withdraws the descriptor here *before*
/// it closes it, and both sides hold the same lock.
public final class SharedDescriptor: Sendable {
    private let descriptor = NIOLockedValueBox<Int32>(-1)

    /// Makes one that holds no descriptor.
    public init() {}

    /// The owner has opened a socket.
    public func publish(_ descriptor: Int32) { self.descriptor.withLockedValue { $0 = descriptor } }

    /// The owner is about to close its socket.
    public func withdraw() { descriptor.withLockedValue { $0 = -1 } }

    /// Shuts the socket down in both directions, if there is one.
    ///
    /// - Returns: true if there was a socket to shut down.
    @discardableResult
    public func shutDown() -> Bool {
        descriptor.withLockedValue { descriptor in
            guard descriptor >= 0 else { return false }
            _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR))
            return true
        }
    }
}
