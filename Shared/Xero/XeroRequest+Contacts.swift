public import Accounting

extension XeroRequest {
    /// Reads one page of contacts, archived ones included, in an order that changes do not shift: what changes while pages are
    /// read is on none of them twice and missing from none.
    /// - Parameters:
    ///   - page: the page, from 1.
    ///   - modifiedSince: only what changed since, to the second; nil for everything.
    /// - Returns: the request.
    public static func contacts(page: Int, modifiedSince: Instant?) -> XeroRequest {
        var request = XeroRequest(
            method: .get, path: "\(root)/Contacts?page=\(page)&pageSize=1000&order=ContactID&includeArchived=true")
        if let modifiedSince { request.headers["If-Modified-Since"] = XeroDate.header(modifiedSince) }
        return request
    }

    /// Reads contacts by their ids, archived ones included.
    /// - Parameter ids: at most 50 of Xero's ids.
    /// - Returns: the request.
    public static func contacts(ids: [String]) -> XeroRequest {
        let list = ids.map(encoded).joined(separator: ",")
        return XeroRequest(
            method: .get, path: "\(root)/Contacts?IDs=\(list)&page=1&pageSize=1000&includeArchived=true")
    }
}
