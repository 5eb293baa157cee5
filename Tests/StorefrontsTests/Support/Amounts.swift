import Accounting

/// Amounts from their texts; one that is none is left out, so that comparisons fail.
func amounts(_ texts: String...) -> [ExactDecimal] { texts.compactMap { ExactDecimal($0) } }
