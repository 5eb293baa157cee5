/// Why the play cannot go on, in words that say what to do.
struct PlayError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
