import Ledger
import Logging
import Storefronts

/// What a store's failure means: how long it is left alone, and what a person reads about it.
enum StoreTrouble {
    /// Takes note of a failure; how long to wait with what failed.
    static func delay(
        after error: StorefrontError, of store: StoreRecord, _ attempts: Int, _ health: StoreHealth, _ logger: Logger
    ) -> Duration {
        let failure: StoreHealth.Failure
        switch error.code {
        case .unauthorised, .misconfigured: failure = .refused
        case .unavailable, .timeout, .rateLimited: failure = .unavailable(retryAfter: error.retryAfter)
        default: return delay(afterAttempts: attempts)
        }
        let (delay, isFirst) = health.failed(store.id, failure)
        if isFirst {
            logger.warning(
                "store in trouble; its orders wait",
                metadata: ["store": "\(store.id)", "reason": "\(sentence(error, store))"])
        }
        return delay
    }

    /// The wait after an answer that made no sense: it doubles from 5 s to an hour.
    static func delay(afterAttempts attempts: Int) -> Duration {
        min(.seconds(5) * (1 << min(max(0, attempts - 1), 10)), .seconds(3600))
    }

    /// What happened and what to do about it.
    static func sentence(_ error: StorefrontError, _ store: StoreRecord) -> String {
        switch error.code {
        case .unauthorised:
            "the store refused our key (\(error)); check consumer_key and consumer_secret of store '\(store.id)' "
                + "and its user's rights, then run counterfoil apply"
        case .misconfigured, .notFound:
            "the store's REST API was not found (\(error)); check the url of store '\(store.id)' and its permalinks"
        case .unavailable, .timeout, .rateLimited: "the store did not answer (\(error)); it is tried again by itself"
        default: "the store's answer makes no sense (\(error)); it is tried again by itself"
        }
    }
}
