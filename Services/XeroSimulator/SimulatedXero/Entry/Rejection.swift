/// Why Xero refuses an element.
struct Rejection: Error, Sendable {
    var messages: [String]
    /// The identifier of the existing record the element was about, if any.
    var recordID: String?

    init(_ messages: [String], recordID: String? = nil) {
        self.messages = messages
        self.recordID = recordID
    }

    init(_ message: String) { self.init([message]) }
}

/// How an element arrived, which decides whether it may change what exists.
enum EntryMode: Sendable {
    /// PUT to the collection: create only.
    case create
    /// POST to the collection: create or update.
    case upsert
    /// POST to one record: update, by identifier or number.
    case update(String)
}
