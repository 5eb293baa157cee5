import JSON
import Postgres
public import Xero

/// A contact as Xero has it.
public struct MirroredContact: Sendable, Hashable {
    /// Xero's id.
    public var id: String
    /// Its name.
    public var name: String
    /// ContactNumber.
    public var number: String?
    /// Its e-mail address in small letters.
    public var email: String?
    /// ACTIVE, ARCHIVED or GDPRREQUEST.
    public var status: String
    /// The contact that it was merged into.
    public var mergedTo: String?
    /// Its members that are written from here.
    public var fields: ContactFields

    /// Whether documents can be posted to it.
    public var isActive: Bool { status == "ACTIVE" && mergedTo == nil }

    /// Whether somebody asked for it to be erased.
    public var isErased: Bool { status == "GDPRREQUEST" }

    /// Reads a contact.
    /// - Parameter element: the contact as Xero returned it.
    /// - Returns: nil if it has no id or no name.
    public init?(_ element: XeroElement) {
        guard let id = element.id, let name = element.value["Name"]?.string, !name.isEmpty else { return nil }
        self.id = id
        self.name = Self.clean(name)
        number = Self.filled(element.naturalID)
        email = Self.filled(element.value["EmailAddress"]?.string)?.lowercased()
        status = Self.filled(element.value["ContactStatus"]?.string) ?? "ACTIVE"
        mergedTo = Self.filled(element.value["MergedToContactID"]?.string)
        fields = ContactFields(element.value)
    }

    /// Text that a row can hold; nil for none.
    private static func filled(_ text: String?) -> String? {
        guard let text = text.map(clean), !text.isEmpty else { return nil }
        return text
    }

    private static func clean(_ text: String) -> String { text.filter { $0 != "\0" } }

    static let columns = "xero_id, name, number, email, status, merged_to, content"

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.decode("xero_id")
        name = try row.decode("name")
        number = row["number"]
        email = row["email"]
        status = try row.decode("status")
        mergedTo = row["merged_to"]
        fields = ContactFields(row: row["content"])
    }
}
