public import JSON

/// What makes one simulated store: who may read it, and where its webhook goes.
public struct StoreSettings: Sendable, Hashable {
    /// The store's id: the first part of its URL's path.
    public var id: String
    /// The URL it is reached at, without a trailing slash; appears in links and in X-WC-Webhook-Source.
    public var url: String
    /// REST key and secret, checked by Basic authentication.
    public var consumerKey: String
    /// See ``consumerKey``.
    public var consumerSecret: String
    /// Where the webhook is delivered; nil: the store has none.
    public var webhookURL: String?
    /// The webhook's secret as typed in, entities included.
    public var webhookSecret: String
    /// The webhook's id.
    public var webhookID: Int
    /// The site's offset from UTC, in seconds.
    public var utcOffsetSeconds: Int
    /// Decimals of amounts where the request does not say (`dp`).
    public var priceDecimals: Int
    /// After how many consecutive failures the webhook is disabled; nil: never (somebody keeps enabling it again).
    public var disableAfterFailures: Int?

    /// A store in UTC with two decimals, whose webhook is disabled on the seventh failure in a row.
    public init(
        id: String, url: String, consumerKey: String, consumerSecret: String, webhookURL: String? = nil,
        webhookSecret: String = ""
    ) {
        self.id = id
        self.url = url
        self.consumerKey = consumerKey
        self.consumerSecret = consumerSecret
        self.webhookURL = webhookURL
        self.webhookSecret = webhookSecret
        self.webhookID = 27
        self.utcOffsetSeconds = 0
        self.priceDecimals = 2
        self.disableAfterFailures = 7
    }

    /// Reads the body of `PUT /_control/stores/{store}`; what is missing keeps its default.
    public init(id: String, url: String, json: JSONValue) {
        self.init(
            id: id, url: json["url"]?.string ?? url, consumerKey: json["consumer_key"]?.string ?? "ck_\(id)",
            consumerSecret: json["consumer_secret"]?.string ?? "cs_\(id)", webhookURL: json["webhook_url"]?.string,
            webhookSecret: json["secret"]?.string ?? "")
        webhookID = json["webhook_id"]?.int ?? webhookID
        utcOffsetSeconds = json["utc_offset_seconds"]?.int ?? utcOffsetSeconds
        priceDecimals = json["price_decimals"]?.int ?? priceDecimals
        if let limit = json["disable_after_failures"] { disableAfterFailures = limit.int }
    }

    /// The same as ``init(id:url:json:)`` reads.
    public var json: JSONValue {
        [
            "id": .string(id), "url": .string(url), "consumer_key": .string(consumerKey),
            "consumer_secret": .string(consumerSecret), "webhook_url": webhookURL.map { .string($0) } ?? .null,
            "secret": .string(webhookSecret), "webhook_id": .number(JSONNumber(webhookID)),
            "utc_offset_seconds": .number(JSONNumber(utcOffsetSeconds)),
            "price_decimals": .number(JSONNumber(priceDecimals)),
            "disable_after_failures": disableAfterFailures.map { .number(JSONNumber($0)) } ?? .null,
        ]
    }
}
