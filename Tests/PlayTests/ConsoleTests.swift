import NIOConcurrencyHelpers
import Testing

@testable import Play

@Suite("Console")
struct ConsoleTests {
    private func written(isTerminal: Bool, _ use: (Console) -> Void) -> String {
        let output = NIOLockedValueBox("")
        use(
            Console(isTerminal: isTerminal, plainInterval: .seconds(3_600)) { text in
                output.withLockedValue { $0 += text }
            })
        return output.withLockedValue { $0 }
    }

    @Test("on a terminal the line of progress is rewritten, and cleared before other lines")
    func rewrites() {
        let text = written(isTerminal: true) {
            $0.progress("1 of 2")
            $0.progress("1 of 2")
            $0.progress("2 of 2")
            $0.line("done")
            $0.line("really")
        }
        #expect(text == "\r\u{1B}[K1 of 2\r\u{1B}[K2 of 2\r\u{1B}[Kdone\nreally\n")
    }

    @Test("elsewhere progress is printed as lines, and not too often")
    func printsPlainly() {
        let text = written(isTerminal: false) {
            $0.progress("1 of 2")
            $0.progress("2 of 2")
            $0.warn("late")
        }
        #expect(text == "1 of 2\nwarning: late\n")
    }
}
