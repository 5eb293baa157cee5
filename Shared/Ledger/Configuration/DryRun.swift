/// A store of which nothing is sent: its orders go all the way to documents, and these stay planned.
public enum DryRun {
    /// What such documents say they wait for.
    public static let reason = "the store is set to dry_run: nothing of it is sent"

    /// The ids of such stores, as a query.
    static let stores = "SELECT id FROM store WHERE settings->>'dry_run' = 'true'"
}
