import Foundation
import Xero

/// Talks to whoever connects an org: shows the address to open, and takes the answer from the browser or from the keyboard,
/// whichever comes first.
struct ConsentConversation: Sendable {
    private enum Event: Sendable {
        case answer(Result<String, XeroConsent.Refusal>, isPasted: Bool)
        case noMoreLines
        case timedOut
    }

    /// How long it waits.
    var minutes: Int
    /// What is typed or pasted.
    var lines: @Sendable () -> AsyncStream<String>
    /// Says something to the person.
    var say: @Sendable (String) -> Void

    /// Waits for the answer to a consent.
    /// - Parameters:
    ///   - consent: what is asked.
    ///   - org: the org it is for.
    /// - Returns: the code that Xero gave.
    /// - Throws: `CommandFailure` if access was declined, nobody answered in time, or no answer can come.
    func code(of consent: XeroConsent, org: String) async throws -> String {
        let (events, event) = AsyncStream.makeStream(of: Event.self)
        let listener = await listen(consent) { event.yield(.answer($0, isPasted: false)) }
        introduce(consent, org: org, isListening: listener != nil)
        let lines = lines
        let minutes = minutes
        let result: Result<String, any Error>
        do {
            let code = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await line in lines() where line.contains(where: { !$0.isWhitespace }) {
                        event.yield(.answer(Self.read(line, consent), isPasted: true))
                    }
                    event.yield(.noMoreLines)
                }
                group.addTask {
                    try await Task.sleep(for: .seconds(minutes * 60))
                    event.yield(.timedOut)
                }
                defer { group.cancelAll() }
                return try await decide(events, isListening: listener != nil)
            }
            result = .success(code)
        } catch {
            result = .failure(error)
        }
        await listener?.stop()
        return try result.get()
    }

    private func decide(_ events: AsyncStream<Event>, isListening: Bool) async throws -> String {
        for await event in events {
            switch event {
            case .answer(.success(let code), _): return code
            case .answer(.failure(let refusal), let isPasted):
                if refusal.isFinal { throw CommandFailure("Not connected: \(refusal).") }
                say(
                    isPasted
                        ? "That is not it: \(refusal). Paste the whole address that the browser ended at."
                        : "The browser came back with something else: \(refusal). Still waiting.")
            case .noMoreLines:
                if !isListening { throw CommandFailure("Not connected: no address was pasted.") }
            case .timedOut:
                throw CommandFailure("Not connected: nobody answered within \(minutes) minutes. Run it again.")
            }
        }
        throw CancellationError()
    }

    private static func read(_ address: String, _ consent: XeroConsent) -> Result<String, XeroConsent.Refusal> {
        do throws(XeroConsent.Refusal) { return .success(try consent.code(from: address)) } catch {
            return .failure(error)
        }
    }

    private func listen(
        _ consent: XeroConsent, onAnswer: @escaping @Sendable (Result<String, XeroConsent.Refusal>) -> Void
    ) async -> ConsentListener? {
        guard let place = ConsentListener.Place(redirect: consent.redirect) else { return nil }
        do {
            return try await ConsentListener.start(at: place, { Self.read($0, consent) }, onAnswer: onAnswer)
        } catch {
            say("Cannot listen on port \(place.port): \(error.words). The answer has to be pasted.")
            return nil
        }
    }

    private func introduce(_ consent: XeroConsent, org: String, isListening: Bool) {
        say(
            """
            Open this address in a browser, sign in to Xero and allow access to the organisation of org \(org):

              \(consent.address)

            """)
        say(
            isListening
                ? "Waiting for the answer. If the browser is on another machine it ends at an address beginning with "
                    + "\(consent.redirect) that it cannot open: paste that address here."
                : "It ends at an address beginning with \(consent.redirect): paste that address here, whatever the page says."
        )
    }

    /// The lines of standard input. The thread that reads them ends with the process.
    static let standardInput: @Sendable () -> AsyncStream<String> = {
        AsyncStream { continuation in
            let thread = Thread {
                while let line = readLine() { continuation.yield(line) }
                continuation.finish()
            }
            thread.start()
        }
    }
}
