/// A small seeded random number generator (SplitMix64), so that a run can be repeated exactly.
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A random (version 4) identifier in lower case, as Xero writes them.
    mutating func identifier() -> String {
        let high = (next() & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000
        let low = (next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        let digits = Array("0123456789abcdef".utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(36)
        for position in 0..<32 {
            if position == 8 || position == 12 || position == 16 || position == 20 { bytes.append(UInt8(ascii: "-")) }
            let word = position < 16 ? high : low
            bytes.append(digits[Int((word >> UInt64(60 - 4 * (position % 16))) & 15)])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A number from 0 to below 1.
    mutating func fraction() -> Double { Double(next() >> 11) / Double(1 << 53) }

    /// A seed that depends on a name, the same in every process.
    static func seed(_ base: UInt64, _ name: String) -> UInt64 {
        name.utf8.reduce(base ^ 0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
}

/// The identifier Xero shows for what does not exist.
let zeroIdentifier = "00000000-0000-0000-0000-000000000000"
