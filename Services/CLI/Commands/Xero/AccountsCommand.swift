import ArgumentParser
import Accounting
import JSON
import Ledger
import Mapping
import Xero

/// `counterfoil xero accounts ORG`
struct AccountsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accounts",
        abstract: "The accounts and tax rates of an org, as a mapping names them.",
        discussion: """
            Shows what was read last, with its age; xero-writer reads it once a day, and the lock dates every two hours. \
            What was never read is read now.
            """)

    /// What is shown, so what is read.
    private static let names: [ReferencePart] = [.organisation, .accounts, .taxRates, .trackingCategories]

    @Argument(help: "The org.")
    var org: String

    @Flag(name: .long, help: "Read it from Xero now: costs \(AccountsCommand.names.count) calls.")
    var refresh = false

    @Flag(name: .long, help: "Show archived accounts and tax rates as well.")
    var all = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (refresh, all) = (refresh, all)
        let page = try await XeroAccess.with(org: org, DatabaseAccess()) { xero in
            try await Self.page(xero, refresh: refresh, all: all)
        }
        output.show(page.json, text: page.text)
    }

    /// Reads what is missing, or everything.
    static func page(_ xero: XeroAccess, refresh: Bool, all: Bool) async throws -> AccountsPage {
        let database = xero.database
        let known = try await ReferenceStore.ages(orgID: xero.org.id, time: .database, in: database)
        let missing = names.filter { refresh || known[$0] == nil }
        if !missing.isEmpty {
            let isCustom = xero.app.kind == .customConnection
            guard isCustom || xero.org.grantID != nil else {
                throw CommandFailure(
                    "Org \(xero.org.id) is not connected yet: counterfoil xero connect \(xero.org.id)")
            }
            let reader = ReferenceReader(
                orgID: xero.org.id, tenantID: isCustom ? nil : xero.org.tenantID, database: database,
                transport: xero.transport,
                tokens: xero.grants.source(grantID: xero.org.grantID, credentials: xero.app.credentials),
                holder: xero.actor)
            for name in missing { try await reader.read(name) }
        }
        let ages = try await ReferenceStore.ages(orgID: xero.org.id, time: .database, in: database)
        return AccountsPage(
            org: xero.org.id, reference: try await ReferenceStore.load(orgID: xero.org.id, in: database),
            ageSeconds: Int(names.compactMap { ages[$0]?.seconds }.max() ?? 0), all: all,
            contacts: try await ContactMirror.age(orgID: xero.org.id, time: .database, in: database))
    }
}

/// What `xero accounts` shows.
struct AccountsPage: Sendable {
    let org: String
    let reference: ReferenceData
    /// Of the oldest part.
    let ageSeconds: Int
    /// Whether what cannot be used any more is shown as well.
    let all: Bool
    /// What is known of the organisation's contacts; nil if that was not asked.
    var contacts: ContactMirror.Age?

    private var facts: OrgFacts { OrgFacts(reference) }

    private var accounts: [ReferenceData.Account] {
        let coded = (reference.accounts ?? [:]).values.sorted { $0.code < $1.code }
        return (coded + reference.uncodedAccounts.sorted { $0.name < $1.name }).filter { all || !$0.isArchived }
    }

    private var taxRates: [ReferenceData.TaxRate] {
        let active = Array((reference.taxRates ?? [:]).values)
        return (active + (all ? reference.retiredTaxRates : [])).sorted { $0.type < $1.type }
    }

    private var tracking: [(name: String, options: [String])] {
        (reference.tracking ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted()) }
    }

    /// What an account can be named for in a mapping.
    private static func use(_ account: ReferenceData.Account) -> String {
        if account.isArchived { return "archived" }
        let uses = [account.takesLines ? "lines" : nil, account.takesPayments ? "payments" : nil].compactMap(\.self)
        if uses.isEmpty {
            return account.systemAccount.isEmpty ? "-" : "Xero's own (\(account.systemAccount.lowercased()))"
        }
        return uses.joined(separator: ", ") + (account.systemAccount == "ROUNDING" ? "; rounding" : "")
    }

    private static func words(_ contacts: ContactMirror.Age) -> String {
        guard let seconds = contacts.seconds else { return "contacts were not read yet: xero-writer does that" }
        return "\(contacts.contacts) contacts known, read \(ageText(seconds: Int(seconds))) ago"
            + (contacts.isCut ? "; Xero has more than are read" : "")
    }

    var text: [String] {
        var lines = ["\(reference.name ?? org), read \(ageText(seconds: ageSeconds)) ago"]
        lines.append(
            "  currency \(reference.baseCurrency?.code ?? "unknown"), time zone \(facts.timeZone ?? "unknown"), "
                + (facts.lockDate.map { "locked up to and including \($0)" } ?? "nothing locked"))
        if let contacts { lines.append("  \(Self.words(contacts))") }
        var chart = TextTable(["code", "account", "type", "tax type", "for"])
        for account in accounts {
            chart.add([
                account.code.isEmpty ? "-" : account.code, oneLine(account.name, limit: 40), account.type,
                account.taxType,
                Self.use(account),
            ])
        }
        var taxes = TextTable(["tax type", "name", "percent", "with accounts of class"], right: ["percent"])
        for rate in taxRates {
            taxes.add([
                rate.type, oneLine(rate.name, limit: 40), rate.percent.description,
                rate.status == "ACTIVE"
                    ? rate.classes.sorted().joined(separator: ", ").lowercased() : rate.status.lowercased(),
            ])
        }
        lines += ["", "Accounts"] + chart.lines.map { "  \($0)" } + ["", "Tax rates"] + taxes.lines.map { "  \($0)" }
        if !tracking.isEmpty {
            lines += ["", "Tracking"] + tracking.map { "  \($0.name): \($0.options.joined(separator: ", "))" }
        }
        return lines
    }

    var json: JSONValue {
        func optional(_ text: String?) -> JSONValue { text.flatMap { $0.isEmpty ? nil : .string($0) } ?? .null }
        return [
            "org": .string(org), "name": optional(reference.name), "age_seconds": .number(JSONNumber(ageSeconds)),
            "currency": optional(reference.baseCurrency?.code), "time_zone": optional(facts.timeZone),
            "lock_date": optional(facts.lockDate?.description),
            "accounts": .array(
                accounts.map { account in
                    [
                        "code": optional(account.code), "name": .string(account.name), "type": .string(account.type),
                        "class": .string(account.accountClass),
                        "status": .string(account.isArchived ? "ARCHIVED" : "ACTIVE"),
                        "tax_type": optional(account.taxType),
                        "lines": .bool(!account.isArchived && account.takesLines),
                        "payments": .bool(!account.isArchived && account.takesPayments),
                    ]
                }),
            "tax_rates": .array(
                taxRates.map { rate in
                    [
                        "type": .string(rate.type), "name": .string(rate.name), "status": .string(rate.status),
                        "percent": JSONValue(rate.percent),
                        "classes": .array(rate.classes.sorted().map { .string($0) }),
                    ]
                }),
            "tracking": .array(
                tracking.map { category in
                    ["name": .string(category.name), "options": .array(category.options.map { .string($0) })]
                }),
            "contacts": contacts.map { contacts in
                [
                    "known": .number(JSONNumber(contacts.contacts)),
                    "age_seconds": contacts.seconds.map { .number(JSONNumber(Int($0))) } ?? .null,
                    "is_cut": .bool(contacts.isCut),
                ]
            } ?? .null,
        ]
    }
}
