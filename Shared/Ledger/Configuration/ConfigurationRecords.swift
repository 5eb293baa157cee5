public import Accounting
public import JSON
public import Xero

/// An app as stored, its secret opened.
public struct AppRecord: Sendable, Hashable {
    /// Its id here.
    public var id: String
    /// Xero's client id.
    public var clientID: String
    /// Xero's client secret; nil for `pkce`.
    public var clientSecret: String?
    /// How it gets its tokens.
    public var kind: AppConfiguration.Kind
    /// Its pricing tier.
    public var tier: String
    /// Where Xero sends people back after their consent.
    public var redirect: String
    /// The scopes asked for, separated by spaces; nil for what writing orders needs.
    public var scopes: String?

    /// An app as stored.
    public init(
        id: String, clientID: String, clientSecret: String?, kind: AppConfiguration.Kind, tier: String,
        redirect: String? = nil, scopes: String? = nil
    ) {
        self.id = id
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.kind = kind
        self.tier = tier
        self.redirect = redirect ?? AppConfiguration.defaultRedirect
        self.scopes = scopes
    }

    /// What it proves itself with at Xero, and what it asks for.
    public var credentials: XeroCredentials {
        let usual = kind == .customConnection ? XeroCredentials.defaultScopes : XeroCredentials.defaultConsentScopes
        return XeroCredentials(
            clientID: clientID, clientSecret: kind == .pkce ? nil : clientSecret, scopes: scopes ?? usual)
    }
}

/// An org as stored.
public struct OrgRecord: Sendable, Hashable {
    /// What an org may be doing.
    public enum State: String, Sendable, Hashable {
        /// Documents are posted.
        case active
        /// Posting waits, for the reason beside it.
        case paused
        /// Xero's consent was withdrawn.
        case disconnected
    }

    /// Its id here.
    public var id: String
    /// The app that reaches it.
    public var appID: String
    /// Xero's tenant id, as configured or as connected; nil for a custom connection.
    public var tenantID: String?
    /// How many calls a day it may cost.
    public var dailyCalls: Int
    /// The time zone that decides an invoice's date; nil for the organisation's own.
    public var timeZone: String?
    /// The country whose usual tax types are taken where the mapping names none.
    public var country: String?
    /// What to do where a rule leaves a choice.
    public var policies: JSONValue
    /// Mapping defaults for its stores.
    public var mapping: JSONValue
    /// What it is doing.
    public var state: State
    /// Why it is not active, and what to do about it.
    public var stateReason: String?
    /// The grant that reaches it; nil for a custom connection, and for what is not connected.
    public var grantID: String?
    /// What the organisation says about itself.
    public var facts: OrgFacts
    /// What is done with a document whose date is in a locked period.
    public var lockedPeriods: LockedPeriod.Policy {
        policies["locked_periods"]?.string.flatMap { LockedPeriod.Policy(rawValue: $0) } ?? .hold
    }
    /// What is done with contacts that people, or customers, have changed.
    public var contacts: ContactPolicy {
        ContactPolicy(
            archived: policies["archived_contacts"]?.string.flatMap { .init(rawValue: $0) } ?? .restore,
            changed: policies["changed_customers"]?.string.flatMap { .init(rawValue: $0) } ?? .update)
    }

    /// Xero's minutes from one round of writing to the next; zero for writing as documents come.
    public var writeEveryMinutes: Int { policies["write_every_minutes"]?.int ?? 0 }

    /// An org as stored.
    public init(
        id: String, appID: String, tenantID: String?, dailyCalls: Int, timeZone: String?, country: String? = nil,
        policies: JSONValue, mapping: JSONValue, state: State, stateReason: String?, grantID: String? = nil,
        facts: OrgFacts = OrgFacts()
    ) {
        self.id = id
        self.appID = appID
        self.tenantID = tenantID
        self.dailyCalls = dailyCalls
        self.timeZone = timeZone
        self.country = country
        self.policies = policies
        self.mapping = mapping
        self.state = state
        self.stateReason = stateReason
        self.grantID = grantID
        self.facts = facts
    }

    /// Its time zone's days: the zone that is configured, else the organisation's own, else UTC.
    public var localTime: LocalTime { LocalTime(configured: timeZone, own: facts.timeZone) }
}

/// A store as stored, its secrets opened.
public struct StoreRecord: Sendable, Hashable {
    /// Its id here.
    public var id: String
    /// The storefront's software.
    public var platform: String
    /// The org its orders are posted to.
    public var orgID: String
    /// Its address, without a trailing slash.
    public var url: String
    /// Orders created earlier are recorded as ignored.
    public var since: Instant
    /// Stands before the order's number in every document number.
    public var numberPrefix: String
    /// How often what changed is looked for, in seconds.
    public var sweepSeconds: Int
    /// How long after a webhook its order is read again, in seconds.
    public var rereadSeconds: [Int]
    /// What signs its webhooks.
    public var webhookSecret: String
    /// What reads its orders.
    public var consumerKey: String
    /// What reads its orders.
    public var consumerSecret: String
    /// The org's mapping with the store's over it.
    public var mapping: JSONValue
    /// The configuration version at which the merged mapping last changed.
    public var mappingVersion: Int64
    /// Whether its orders are planned and nothing of them is sent to Xero.
    public var isDryRun: Bool
    /// The time zone of its org.
    public var localTime: LocalTime

    /// A store as stored.
    public init(
        id: String, platform: String, orgID: String, url: String, since: Instant, numberPrefix: String,
        sweepSeconds: Int, rereadSeconds: [Int], webhookSecret: String, consumerKey: String, consumerSecret: String,
        mapping: JSONValue, mappingVersion: Int64, isDryRun: Bool = false, localTime: LocalTime = .utc
    ) {
        self.id = id
        self.platform = platform
        self.orgID = orgID
        self.url = url
        self.since = since
        self.numberPrefix = numberPrefix
        self.sweepSeconds = sweepSeconds
        self.rereadSeconds = rereadSeconds
        self.webhookSecret = webhookSecret
        self.consumerKey = consumerKey
        self.consumerSecret = consumerSecret
        self.mapping = mapping
        self.mappingVersion = mappingVersion
        self.isDryRun = isDryRun
        self.localTime = localTime
    }
}

/// Everything that is configured, at one version; entries that were removed are not in it.
public struct ConfigurationSnapshot: Sendable {
    /// The version; 0 if nothing was ever applied.
    public var version: Int64 = 0
    /// A word that differs whenever what was read of any organisation does.
    public var referenceVersion = ""
    /// The apps, by id.
    public var apps: [String: AppRecord] = [:]
    /// The orgs, by id.
    public var orgs: [String: OrgRecord] = [:]
    /// The stores, by id.
    public var stores: [String: StoreRecord] = [:]
    /// Entries that cannot be used, e.g. `store shop`, each with the reason.
    public var unreadable: [String: String] = [:]

    /// A snapshot in which nothing is configured.
    public init() {}
}
