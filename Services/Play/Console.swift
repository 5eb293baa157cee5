import Glibc
import NIOConcurrencyHelpers

/// What a person sees: lines, and one line of progress that is rewritten on a terminal and repeated elsewhere.
final class Console: Sendable {
    private struct State {
        var progress = ""
        var lastPlain: ContinuousClock.Instant?
    }

    private let isTerminal: Bool
    private let write: @Sendable (String) -> Void
    private let plainInterval: Duration
    private let state = NIOLockedValueBox(State())

    /// A console.
    /// - Parameters:
    ///   - isTerminal: whether a line can be rewritten.
    ///   - plainInterval: how often progress is repeated where it cannot.
    init(isTerminal: Bool, plainInterval: Duration = .seconds(5), write: @escaping @Sendable (String) -> Void) {
        self.isTerminal = isTerminal
        self.plainInterval = plainInterval
        self.write = write
    }

    /// Standard output.
    static func standard() -> Console {
        Console(isTerminal: isatty(STDOUT_FILENO) == 1) { text in
            print(text, terminator: "")
            fflush(nil)
        }
    }

    /// A line, or several.
    func line(_ text: String = "") {
        let clear = state.withLockedValue { state -> String in
            defer { state.progress = "" }
            return isTerminal && !state.progress.isEmpty ? "\r\u{1B}[K" : ""
        }
        write(clear + text + "\n")
    }

    /// A line that asks for attention.
    func warn(_ text: String) { line("warning: \(text)") }

    /// Replaces the line of progress; elsewhere than on a terminal it is printed when it is new, and not too often.
    func progress(_ text: String) {
        let output = state.withLockedValue { state -> String? in
            guard text != state.progress else { return nil }
            if isTerminal {
                state.progress = text
                return "\r\u{1B}[K" + text
            }
            let now = ContinuousClock.now
            if let last = state.lastPlain, now - last < plainInterval { return nil }
            state.progress = text
            state.lastPlain = now
            return text + "\n"
        }
        if let output { write(output) }
    }
}
