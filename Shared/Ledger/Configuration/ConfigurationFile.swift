public import Accounting
public import JSON
import Mapping

/// A configuration file, read and checked: what `counterfoil apply` makes true.
public struct ConfigurationFile: Sendable, Hashable {
    /// The Xero developer apps, by id.
    public var apps: [AppConfiguration]
    /// The Xero organisations, by id.
    public var orgs: [OrgConfiguration]
    /// The storefronts, by id.
    public var stores: [StoreConfiguration]
    /// The file with its `${ENV}` references as they stand and its literal secrets masked: what is kept of every version.
    public var maskedDocument: String

    /// A store's mapping with its org's below it.
    /// - Parameter store: a store of this configuration.
    /// - Returns: the org's mapping with the store's values over it, key by key.
    public func mergedMapping(of store: StoreConfiguration) -> JSONValue {
        let base = orgs.first { $0.id == store.orgID }?.mapping ?? [:]
        return ConfigurationMapping.merge(store.mapping, over: base)
    }
}

/// One Xero developer app.
public struct AppConfiguration: Sendable, Hashable {
    /// How an app gets its tokens.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The authorisation code flow with a client secret.
        case web
        /// The authorisation code flow with a proof key, for apps that cannot keep a secret.
        case pkce
        /// Client credentials: one app, one organisation.
        case customConnection = "custom_connection"
    }

    /// Its id here.
    public var id: String
    /// Xero's client id.
    public var clientID: String
    /// Xero's client secret; nil for `pkce`.
    public var clientSecret: String?
    /// How it gets its tokens.
    public var kind: Kind
    /// Its pricing tier at Xero: starter, core, plus, advanced, enterprise, or custom.
    public var tier: String
    /// Where Xero sends people back after their consent; nil for the default.
    public var redirect: String?
    /// The scopes asked for, separated by spaces; nil for what writing orders needs.
    public var scopes: String?

    /// Where Xero sends people back if the configuration does not say: the command line's own listener.
    public static let defaultRedirect = "http://localhost:8095/"
}

/// One Xero organisation.
public struct OrgConfiguration: Sendable, Hashable {
    /// Its id here.
    public var id: String
    /// The app that reaches it.
    public var appID: String
    /// Xero's tenant id; nil for a custom connection, which has just one, and where `xero connect` chooses it.
    public var tenantID: String?
    /// How many calls a day it may cost.
    public var dailyCalls: Int
    /// The time zone that decides an invoice's date, e.g. `Australia/Sydney`; nil for the organisation's own.
    public var timeZone: String?
    /// The country whose usual tax types are taken where the mapping names none, e.g. `AU`.
    public var country: String?
    /// What to do where a rule leaves a choice.
    public var policies: JSONValue
    /// Mapping defaults for its stores.
    public var mapping: JSONValue

    /// What is kept of it as `settings`.
    var settings: JSONValue {
        var object: JSONObject = ["daily_calls": .number(JSONNumber(dailyCalls))]
        if let timeZone { object["time_zone"] = .string(timeZone) }
        if let country { object["country"] = .string(country) }
        object["policies"] = policies
        object["mapping"] = mapping
        return .object(object)
    }
}

/// One storefront installation.
public struct StoreConfiguration: Sendable, Hashable {
    /// Its id here: a routing-key word and a part of its webhook's address.
    public var id: String
    /// The storefront's software.
    public var platform: String
    /// The org its orders are posted to.
    public var orgID: String
    /// Its address, without a trailing slash.
    public var url: String
    /// Orders created earlier are recorded as ignored.
    public var since: Instant
    /// Stands before the order's number in every document number of the store.
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
    /// Mapping values of its own.
    public var mapping: JSONValue
    /// Whether its orders are planned and nothing of them is sent to Xero.
    public var isDryRun: Bool

    /// What is kept of it as `settings`.
    var settings: JSONValue {
        [
            "number_prefix": .string(numberPrefix), "sweep_seconds": .number(JSONNumber(sweepSeconds)),
            "reread_seconds": .array(rereadSeconds.map { .number(JSONNumber($0)) }), "mapping": mapping,
            "dry_run": isDryRun ? true : .null,
        ]
    }

    /// What is sealed.
    var secrets: JSONValue {
        [
            "webhook_secret": .string(webhookSecret), "consumer_key": .string(consumerKey),
            "consumer_secret": .string(consumerSecret),
        ]
    }
}

extension AppConfiguration {
    /// What is sealed.
    var secrets: JSONValue {
        clientSecret.map { ["client_secret": .string($0)] } ?? [:]
    }
}

/// Operations on settings that need no knowledge of what their keys mean.
public enum ConfigurationMapping {
    /// Merges two mappings: objects key by key, anything else as a whole.
    /// - Parameters:
    ///   - override: the values that win.
    ///   - base: the values below them.
    /// - Returns: the merged mapping.
    public static func merge(_ override: JSONValue, over base: JSONValue) -> JSONValue {
        MappingConfiguration.merged(org: base, store: override)
    }
}
