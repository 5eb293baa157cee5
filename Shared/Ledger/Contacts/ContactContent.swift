import JSON
import Mapping
import Postgres

/// What a contact should be, given what became of it in Xero.
enum ContactContent {
    /// The longest ContactNumber that Xero takes, in characters.
    private static let numberLimit = 50

    /// A contact as a plan wants it, with the name that it claims and the number that it has.
    /// - Parameters:
    ///   - planned: what the plan wants.
    ///   - document: the contact's row, locked by the session.
    ///   - session: the transaction of the plan.
    /// - Returns: the element that is wanted.
    static func settled(
        _ planned: JSONValue, for document: StoredDocument, in session: some PostgresSession
    ) async throws(PostgresError) -> JSONValue {
        let base = planned["Name"]?.string ?? document.key.sourceID
        let standing = try await ContactLinks.standing(of: document.id, in: session)
        var desired = planned
        // Whoever renamed it in Xero meant it: no other name is claimed for it.
        let present = standing.isRenamed ? document.desired["Name"]?.string : nil
        if let present {
            desired = desired.setting("Name", to: .string(present))
        } else {
            let name = try await ContactClaims.claim(for: document, base: base, present: standing.names, in: session)
            desired = desired.setting("Name", to: .string(name))
        }
        if standing.replacements > 0, let number = planned["ContactNumber"]?.string {
            let text = numbered(number, replacements: standing.replacements)
            desired = desired.setting("ContactNumber", to: .string(text))
        }
        if let refused = document.refusedEmail, desired["EmailAddress"]?.string == refused {
            desired = desired.removing("EmailAddress")
        }
        return desired
    }

    /// A contact's number with the number of its replacement: Xero's archived contact keeps the one it has.
    static func numbered(_ number: String, replacements: Int) -> String {
        guard replacements > 0 else { return number }
        let suffix = ".\(replacements + 1)"
        return String(number.prefix(numberLimit - suffix.count)) + suffix
    }

    /// The number of the contact that takes a contact's place.
    static func next(_ number: String, replacements: Int) -> String {
        let suffix = ".\(replacements + 1)"
        let base = replacements > 0 && number.hasSuffix(suffix) ? String(number.dropLast(suffix.count)) : number
        return numbered(base, replacements: replacements + 1)
    }
}
