/// Who bought.
public struct CanonicalCustomer: Sendable, Hashable {
    /// The storefront's id of the customer; `nil` for a guest.
    public var id: String?
    /// Given name.
    public var firstName: String
    /// Family name.
    public var lastName: String
    /// Company.
    public var company: String
    /// The e-mail address as the customer wrote it, without blanks around it.
    public var email: String
    /// The telephone number as the customer wrote it.
    public var phone: String
    /// Where the bill goes.
    public var address: CanonicalAddress
    /// Where the goods go, as far as the storefront says so.
    public var shippingAddress = CanonicalAddress()
    /// The number under which the customer pays tax, such as a VAT id; empty if the storefront does not know it.
    public var taxNumber = ""

    /// Makes a customer; everything may be empty.
    public init(
        id: String? = nil, firstName: String = "", lastName: String = "", company: String = "", email: String = "",
        phone: String = "", address: CanonicalAddress = CanonicalAddress()
    ) {
        self.id = id
        self.firstName = firstName
        self.lastName = lastName
        self.company = company
        self.email = email
        self.phone = phone
        self.address = address
    }

    /// Given and family name, as far as there are any.
    public var fullName: String { [firstName, lastName].filter { !$0.isEmpty }.joined(separator: " ") }

    /// The e-mail address in the form in which two of them are compared: small letters. `nil` if it is no address.
    public var normalizedEmail: String? {
        let lower = email.lowercased()
        let parts = lower.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, lower.utf8.count <= 254,
            !lower.contains(where: \.isWhitespace)
        else { return nil }
        return lower
    }
}

/// A postal address.
public struct CanonicalAddress: Sendable, Hashable {
    /// Street and number, then what else there is; empty lines are left out.
    public var lines: [String]
    /// City.
    public var city: String
    /// State, province or county.
    public var region: String
    /// Postal code.
    public var postalCode: String
    /// Country, as a code of two letters where the storefront has one.
    public var country: String

    /// Makes an address; everything may be empty.
    public init(
        lines: [String] = [], city: String = "", region: String = "", postalCode: String = "", country: String = ""
    ) {
        self.lines = lines
        self.city = city
        self.region = region
        self.postalCode = postalCode
        self.country = country
    }

    /// Whether nothing is known.
    public var isEmpty: Bool {
        lines.isEmpty && city.isEmpty && region.isEmpty && postalCode.isEmpty && country.isEmpty
    }
}
