/// The ports that health servers take when HEALTH_BIND is not set: one for each service, so that all run on one machine.
enum DefaultPorts {
    private static let ports = [
        "ingest": 9_101, "storefront-sync": 9_102, "transformer": 9_103, "xero-writer": 9_104, "reconciler": 9_105,
        "dead-letter": 9_106, "console": 9_107,
    ]

    static func health(of name: String) -> BindTarget {
        BindTarget(host: "0.0.0.0", port: ports[name] ?? 9_100)
    }
}
