import ArgumentParser
import Foundation
import Logging
import ServiceKit

/// `counterfoil`: the operator's command line.
struct Counterfoil: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "counterfoil",
        abstract: "Writes what web shops sell into Xero: the operator's command line.",
        discussion: """
            Takes DATABASE_URL and COUNTERFOIL_KEY from the environment (each also as NAME_FILE). Everything that prints \
            takes --json. Exit status: 0 done, 1 failed, 2 wrong usage, 3 something needs a person.
            """,
        subcommands: [
            MigrateCommand.self, ApplyCommand.self, StatusCommand.self, OrdersCommand.self, PayoutsCommand.self,
            PreviewCommand.self, SuggestCommand.self, ReplayCommand.self,
            BackfillCommand.self, ResyncCommand.self, DeadLettersCommand.self, ReconcileCommand.self,
            BreakerCommand.self, XeroCommand.self, RatesCommand.self, RestoredCommand.self, DoctorCommand.self,
            HealthCommand.self,
        ])
}

@main
enum Main {
    static func main() async {
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        let status = await status(Array(CommandLine.arguments.dropFirst()))
        fflush(nil)
        // Not `exit`: it unloads the C libraries that a connection's thread may be in at this moment.
        _exit(status)
    }

    /// Runs a command line and returns its exit status.
    static func status(_ arguments: [String]) async -> Int32 {
        do {
            var command = try Counterfoil.parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return 0
        } catch let outcome as CommandOutcome {
            return outcome.status
        } catch {
            return explain(error)
        }
    }

    /// Prints what went wrong, and what to do, in one go.
    private static func explain(_ error: any Error) -> Int32 {
        let code = Counterfoil.exitCode(for: error)
        if code == .success {
            print(Counterfoil.fullMessage(for: error))
            return 0
        }
        if code == .validationFailure {
            complain(Counterfoil.fullMessage(for: error))
            return 2
        }
        complain("counterfoil: \(FailureText.describe(error))")
        return 1
    }

    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}

/// How a command that has printed its answer ends the process.
enum CommandOutcome: Error {
    /// Something needs a person.
    case needsPerson
    /// It failed, and has said why.
    case failed

    var status: Int32 {
        switch self {
        case .needsPerson: 3
        case .failed: 1
        }
    }
}
