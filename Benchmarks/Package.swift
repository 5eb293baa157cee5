// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

func ours(_ name: String) -> Target.Dependency { .product(name: name, package: "counterfoil") }

let package = Package(
    name: "counterfoil-benchmarks",
    dependencies: [
        .package(name: "counterfoil", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
    ],
    targets: [
        .target(name: "CRawLoops", dependencies: [ours("CRabbitMQ"), ours("CPostgres")]),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "CRawLoops", ours("RabbitMQ"), ours("Postgres"), ours("JSON"), ours("Accounting"), ours("Storefronts"),
                ours("Mapping"), ours("Ledger"), ours("SimulatedWooCommerce"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ] + executables.map(ours), swiftSettings: strict),
    ]
)

/// What is measured as a whole; built with the benchmarks, into the same folder.
var executables: [String] {
    [
        "ingest", "storefront-sync", "transformer", "xero-writer", "reconciler", "dead-letter", "counterfoil",
        "xero-simulator", "storefront-simulator", "counterfoil-play",
    ]
}
