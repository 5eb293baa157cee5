/// A currency by its code of ISO 4217.
public struct Currency: Sendable, Hashable, CustomStringConvertible {
    /// Three capital letters, such as `EUR`.
    public let code: String
    /// How many digits stand after the point of an amount that can be paid: 2 for most, 0 for yen, 3 for dinars.
    public var minorUnits: Int { Self.exceptions[code] ?? 2 }

    /// Finds a currency.
    /// - Parameter code: Its code, in capital or small letters.
    /// - Returns: `nil` if no currency in use has the code.
    public init?(_ code: some StringProtocol) {
        let upper = code.uppercased()
        guard Self.codes.contains(upper) else { return nil }
        self.code = upper
    }

    /// The code.
    public var description: String { code }

    /// Currencies whose minor unit is not a hundredth. Source: ISO 4217 list one.
    private static let exceptions: [String: Int] = [
        "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
        "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0, "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3,
        "TND": 3, "CLF": 4,
    ]

    private static let codes = Set(
        """
        AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
        CLF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD
        HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD
        MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG
        QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD
        TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG ZWL
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}
