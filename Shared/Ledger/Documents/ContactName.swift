import Foundation

/// Names of contacts as Xero compares them: without regard to case or accents, unique in the organisation.
public enum ContactName {
    /// The longest name that Xero takes, in characters.
    public static let limit = 255

    /// The form in which two names that Xero takes for the same are equal.
    /// - Parameter name: the name.
    /// - Returns: lower case, without accents, single spaces.
    public static func folded(_ name: String) -> String {
        let plain = name.folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
        return plain.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
    }

    /// A name with a number that tells it from others: `John Smith (2)`.
    /// - Parameters:
    ///   - name: the name.
    ///   - number: 1 for the name as it is.
    /// - Returns: the name, cut so that it fits Xero's limit.
    public static func suffixed(_ name: String, _ number: Int) -> String {
        guard number > 1 else { return String(name.prefix(limit)) }
        let suffix = " (\(number))"
        return String(name.prefix(limit - suffix.count)) + suffix
    }

    /// The number in a name that was made from another one by ``suffixed(_:_:)``.
    /// - Parameters:
    ///   - name: the name with its suffix, if it has one.
    ///   - base: the name without.
    /// - Returns: 1 for the base itself, nil if the name was not made from it.
    public static func number(of name: String, base: String) -> Int? {
        if folded(name) == folded(suffixed(base, 1)) { return 1 }
        guard name.hasSuffix(")"), let open = name.lastIndex(of: "("),
            let number = Int(name[name.index(after: open)...].dropLast()), number > 1
        else { return nil }
        return folded(name) == folded(suffixed(base, number)) ? number : nil
    }
}
