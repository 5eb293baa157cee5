import CSystemShims
import Glibc

/// Starts detached POSIX threads with a name and a stack of a chosen size.
public enum NamedThread {
    private final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread that runs `body` once.
    ///
    /// - Parameters:
    ///   - name: what debuggers and crash logs show; the first 15 bytes count.
    ///   - stackBytes: size of the stack in bytes; 1 MiB unless told.
    ///   - body: what the thread does.
    public static func start(name: String, stackBytes: Int = 1 << 20, body: @escaping @Sendable () -> Void) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                counterfoil_name_this_thread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        precondition(status == 0, "the system refused a thread for \(name): errno \(status)")
    }
}
