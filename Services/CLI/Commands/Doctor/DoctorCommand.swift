import ArgumentParser
import JSON
import ServiceKit

/// `counterfoil doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks everything the services need, and says what is wrong and what mends it.",
        discussion: """
            Looks at the environment, the database, the broker, the key, the configuration, Xero and the stores, as the \
            services do, and changes nothing. No call to Xero is spent. Exits 0 when there is no problem (warnings may be \
            there), 3 when there is one.
            """)

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let findings = await Doctor(environment: Environment()).examine()
        let text = DoctorText(findings: findings)
        output.show(
            [
                "problems": .number(JSONNumber(findings.count { $0.level == .problem })),
                "warnings": .number(JSONNumber(findings.count { $0.level == .warning })),
                "findings": .array(findings.map(\.json)),
            ], text: text.lines)
        if text.needsPerson { throw CommandOutcome.needsPerson }
    }
}
