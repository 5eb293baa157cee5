import Logging
import Postgres
import Testing

@testable import DeadLetter

@Suite("What is shown of open letters")
struct LetterKeeperTests {
    @Test("a class whose letters are all mended goes to 0 instead of staying where it was")
    func mended() throws {
        let client = PostgresClient(
            configuration: try PostgresConfiguration(url: "postgres://nobody@127.0.0.1:1/none"),
            logger: Logger(label: "test"))
        let keeper = LetterKeeper(store: LetterStore(session: client), logger: Logger(label: "test"))
        let mapping = OpenLetters(errorClass: "mapping.account", count: 2, oldestSeconds: 60)
        let period = OpenLetters(errorClass: "xero.period", count: 1, oldestSeconds: 5)
        #expect(keeper.complete([mapping, period]) == [mapping, period])
        #expect(
            keeper.complete([period]) == [
                period, OpenLetters(errorClass: "mapping.account", count: 0, oldestSeconds: 0),
            ])
        #expect(keeper.complete([mapping]).map(\.count) == [2, 0])
    }
}
