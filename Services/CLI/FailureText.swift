import Ledger
import Postgres
import ServiceKit

/// Says a failure in a sentence that ends with what to do.
enum FailureText {
    static func describe(_ error: any Error) -> String {
        switch error {
        case let error as ConfigurationError: "\(error)"
        case let error as ConfigurationFileError: "\(error)"
        case let error as PostgresError: describe(error)
        case let error as CommandFailure: error.message
        default: "\(error)"
        }
    }

    private static func describe(_ error: PostgresError) -> String {
        if error.sqlState == .undefinedTable {
            return "The database has no Counterfoil tables yet. Run 'counterfoil migrate'."
        }
        if error.code == .poolExhausted || error.code == .connection || error.isConnectionLoss {
            return "The database cannot be reached: \(oneLine(error.message, limit: 400)). "
                + "Is it running, and is DATABASE_URL right?"
        }
        return error.message
    }
}

/// A failure with a sentence for the operator.
struct CommandFailure: Error {
    var message: String

    init(_ message: String) { self.message = message }
}
