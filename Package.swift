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

// Products of other packages, by the names the targets below use.
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let metricsCore: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let locks: Target.Dependency = .product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

func libraries(_ names: String...) -> [Product] { names.map { .library(name: $0, targets: [$0]) } }
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Shared/\(name)", swiftSettings: strict)
}
func service(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies + [arguments, lifecycle, logging], path: "Services/\(name)",
        swiftSettings: strict)
}
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies + ["TestSupport"], path: "Tests/\(name)Tests",
        swiftSettings: strict)
}

let package = Package(
    name: "counterfoil",
    products: [
        .executable(name: "ingest", targets: ["Ingest"]),
        .executable(name: "storefront-sync", targets: ["StorefrontSync"]),
        .executable(name: "transformer", targets: ["Transformer"]),
        .executable(name: "xero-writer", targets: ["XeroWriter"]),
        .executable(name: "reconciler", targets: ["Reconciler"]),
        .executable(name: "dead-letter", targets: ["DeadLetter"]),
        .executable(name: "counterfoil", targets: ["CLI"]),
        .executable(name: "xero-simulator", targets: ["XeroSimulator"]),
        .executable(name: "storefront-simulator", targets: ["StorefrontSimulator"]),
        .executable(name: "counterfoil-play", targets: ["Play"]),
    ]
        + libraries(
            // For Benchmarks/, which is a package of its own.
            "CRabbitMQ", "CPostgres", "JSON", "Accounting", "RabbitMQ", "Postgres", "Storefronts", "Mapping", "Ledger",
            "SimulatedWooCommerce"),
    dependencies: [
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    ],
    targets: [
        // C
        .target(name: "CSystemShims", path: "Shared/CSystemShims"),
        .systemLibrary(
            name: "CRabbitMQ", path: "Shared/CRabbitMQ", pkgConfig: "librabbitmq",
            providers: [.apt(["librabbitmq-dev"]), .brew(["rabbitmq-c"])]),
        .systemLibrary(
            name: "CPostgres", path: "Shared/CPostgres", pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .target(
            name: "CTLS", path: "Shared/CTLS", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        // Values
        library("JSON", []),
        library("Accounting", ["JSON"]),
        // Drivers
        library("IOThread", ["CSystemShims", deque, locks]),
        library("ConnectionPool", [deque, locks]),
        library("Certificates", ["CTLS"]),
        library(
            "RabbitMQ",
            ["CRabbitMQ", "CSystemShims", "Certificates", "IOThread", deque, locks, lifecycle, logging, metricsCore]),
        library(
            "Postgres",
            [
                "CPostgres", "CSystemShims", "Certificates", "IOThread", "ConnectionPool", deque, locks, lifecycle,
                logging, metricsCore,
            ]),
        // Running a service
        library("Observability", ["JSON", lifecycle, logging, metrics, metricsCore, locks]),
        library(
            "ServiceKit",
            [
                "Observability", "RabbitMQ", "Postgres", lifecycle, signals, logging, metrics, hummingbird, httpClient,
                nio, nioHTTP, crypto, locks,
            ]),
        library(
            "Messaging",
            [
                "RabbitMQ", "Postgres", "Observability", "JSON", "Accounting", lifecycle, logging, metricsCore, deque,
                locks,
            ]),
        // Domain
        library("Storefronts", ["JSON", "Accounting", crypto, httpClient, nio, nioHTTP, logging]),
        library("Mapping", ["JSON", "Accounting"]),
        library("Xero", ["JSON", "Accounting", httpClient, nio, nioHTTP, nioPosix, logging, crypto, locks]),
        library(
            "Ledger",
            [
                "JSON", "Accounting", "Mapping", "Xero", "Postgres", "Messaging", crypto, lifecycle, locks, logging,
                yams,
            ]),
        library("Planning", ["JSON", "Accounting", "Storefronts", "Mapping", "Ledger", "Postgres"]),
        // Services
        service(
            "Ingest",
            [
                "ServiceKit", "Observability", "Messaging", "RabbitMQ", "Storefronts", "Postgres", "JSON", "Accounting",
                hummingbird, hummingbirdCore, nio, nioHTTP, httpTypes, crypto, metricsCore, locks, deque,
            ]),
        service(
            "StorefrontSync",
            [
                "ServiceKit", "Observability", "Messaging", "RabbitMQ", "Storefronts", "Ledger", "Postgres", "JSON",
                "Accounting",
                httpClient, crypto, locks, metrics,
            ]),
        service(
            "Transformer",
            [
                "ServiceKit", "Observability", "Messaging", "RabbitMQ", "Storefronts", "Mapping", "Planning", "Ledger",
                "Postgres",
                "JSON",
                "Accounting", metrics, locks,
            ]),
        service(
            "XeroWriter",
            [
                "ServiceKit", "Observability", "Messaging", "RabbitMQ", "Mapping", "Xero", "Ledger", "Postgres", "JSON",
                "Accounting",
                httpClient, metrics, locks, crypto,
            ]),
        service(
            "Reconciler",
            [
                "ServiceKit", "Messaging", "Storefronts", "Mapping", "Xero", "Ledger", "Postgres", "JSON", "Accounting",
                httpClient,
            ]),
        service("DeadLetter", ["ServiceKit", "Messaging", "RabbitMQ", "Postgres", "JSON", metrics, locks]),
        service(
            "CLI",
            [
                "ServiceKit", "Observability", "Storefronts", "Ledger", "Mapping", "Planning", "Messaging", "Xero",
                "RabbitMQ", "Postgres", "JSON", "Accounting", httpClient, nio, nioHTTP, nioPosix, locks,
            ]),
        // Stand-ins
        .target(
            name: "SimulatedXero", dependencies: ["JSON", "Accounting", crypto, locks],
            path: "Services/XeroSimulator/SimulatedXero",
            swiftSettings: strict),
        .executableTarget(
            name: "XeroSimulator",
            dependencies: [
                "SimulatedXero", "Observability", "JSON", "Accounting", hummingbird, nio, httpTypes, arguments,
                lifecycle, logging, locks,
            ],
            path: "Services/XeroSimulator/Server", swiftSettings: strict),
        .target(
            name: "SimulatedWooCommerce", dependencies: ["JSON", "Accounting", locks],
            path: "Services/StorefrontSimulator/SimulatedWooCommerce", swiftSettings: strict),
        .executableTarget(
            name: "StorefrontSimulator",
            dependencies: [
                "SimulatedWooCommerce", "Observability", "JSON", "Accounting", hummingbird, nio, nioHTTP, httpTypes,
                httpClient, crypto, arguments, lifecycle, logging, locks,
            ],
            path: "Services/StorefrontSimulator/Server", swiftSettings: strict),
        service(
            "Play",
            [
                "ServiceKit", "SimulatedWooCommerce", "Storefronts", "Postgres", "JSON", "Accounting", httpClient, nio,
                nioHTTP, locks, signals,
            ]),
        // Tests
        .target(
            name: "TestSupport",
            dependencies: [
                "CSystemShims", "RabbitMQ", "Postgres", "JSON", "Accounting", locks, logging, lifecycle, nio, nioHTTP,
                nioPosix, yams,
            ],
            path: "Tests/TestSupport",
            swiftSettings: strict),
        tests("JSON", ["JSON"]),
        tests("Accounting", ["JSON", "Accounting"]),
        tests("IOThread", ["IOThread", "CSystemShims", deque, locks]),
        tests("RabbitMQ", ["RabbitMQ", "IOThread", logging, lifecycle, locks]),
        tests("ConnectionPool", ["ConnectionPool"]),
        tests("Postgres", ["Postgres", "IOThread", logging, lifecycle, locks]),
        tests("Observability", ["Observability", "JSON", lifecycle, locks, logging, metrics, metricsCore]),
        tests(
            "ServiceKit",
            [
                "ServiceKit", "Observability", "Postgres", "JSON", lifecycle, logging, hummingbird, httpTypes, nioHTTP,
                crypto,
                metrics, locks,
            ]),
        tests(
            "Messaging",
            [
                "Messaging", "Ledger", "Observability", "RabbitMQ", "Postgres", "JSON", "Accounting", logging,
                lifecycle, locks,
            ]),
        tests(
            "Storefronts", ["Storefronts", "JSON", "Accounting", httpClient, nio, nioPosix, nioHTTP, locks, logging]),
        tests("Mapping", ["Mapping", "Storefronts", "SimulatedWooCommerce", "JSON", "Accounting"]),
        tests(
            "Books", ["XeroWriter", "Xero", "Ledger", "Mapping", "SimulatedXero", "Storefronts", "JSON", "Accounting"]),
        tests("Xero", ["Xero", "SimulatedXero", "JSON", "Accounting", httpClient, logging]),
        tests(
            "Ledger",
            [
                "Ledger", "Mapping", "Messaging", "Xero", "SimulatedXero", "Postgres", "JSON", "Accounting", logging,
                locks,
            ]),
        tests(
            "Ingest",
            [
                "Ingest", "ServiceKit", "Observability", "Ledger", "Messaging", "RabbitMQ", "Storefronts", "Postgres",
                "JSON", "Accounting", hummingbird, nio, nioPosix, crypto, metricsCore, lifecycle, logging, locks,
            ]),
        tests(
            "StorefrontSync",
            [
                "StorefrontSync", "Storefronts", "Ledger", "Messaging", "Observability", "Postgres", "JSON",
                "Accounting",
                logging,
            ]),
        tests(
            "Transformer",
            [
                "Transformer", "Planning", "Storefronts", "Mapping", "Ledger", "Messaging", "Postgres", "JSON",
                "Accounting",
                logging,
            ]),
        tests(
            "XeroWriter",
            [
                "XeroWriter", "Transformer", "Planning", "Xero", "SimulatedXero", "Mapping", "Ledger", "Messaging",
                "Observability", "Postgres",
                "JSON",
                "Accounting", httpClient, logging, locks,
            ]),
        tests(
            "XeroSimulator",
            [
                "XeroSimulator", "SimulatedXero", "JSON", "Accounting", hummingbird, httpClient, nio, nioHTTP, locks,
                logging, lifecycle,
            ]),
        tests(
            "StorefrontSimulator",
            [
                "StorefrontSimulator", "SimulatedWooCommerce", "JSON", "Accounting", httpClient, nio, nioHTTP,
                lifecycle, logging,
            ]),
        tests("Play", ["Play", "SimulatedWooCommerce", "JSON", "Accounting", locks, arguments]),
        tests("DeadLetter", ["DeadLetter", "Ledger", "Messaging", "Postgres", "JSON", "Accounting", logging]),
        tests("Reconciler", ["Reconciler", "Mapping", "Xero", "JSON", "Accounting"]),
        tests(
            "CLI",
            [
                "CLI", "ServiceKit", "StorefrontSimulator", "Ledger", "Mapping", "Planning", "Xero", "SimulatedXero",
                "RabbitMQ", "Postgres", "JSON", "Accounting", httpClient, nio, nioHTTP, nioPosix, locks, logging,
                lifecycle,
            ]),
        tests("Faults", ["Ledger", "Postgres", "JSON", "Accounting"]),
        tests("Deploy", ["JSON", yams]),
    ]
)
