// swift-tools-version: 6.1
import PackageDescription

/// What the programs of the three roles are made of.
let roleProgram: [Target.Dependency] = [
    "Roles", .product(name: "ArgumentParser", package: "swift-argument-parser"),
    .product(name: "Logging", package: "swift-log"),
]

let package = Package(
    name: "druse",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CSpglib", providers: [.apt(["libsymspg-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CBzip2", providers: [.apt(["libbz2-dev"])]),
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-fno-math-errno", "-fno-trapping-math"])]),
        .target(name: "Kernels", dependencies: ["CKernels", "COpenBLAS"]),
        .target(name: "Crystals", dependencies: ["CSpglib", "CZlib", "CBzip2"], resources: [.copy("Resources")]),
        .target(name: "Potentials", dependencies: ["Crystals", "Kernels"], resources: [.copy("Resources")]),
        .target(name: "Policy", dependencies: ["Crystals", "Kernels"], resources: [.copy("Resources")]),
        .target(name: "Stability", dependencies: ["Crystals", "CZlib", "Kernels"], resources: [.copy("Resources")]),
        .target(name: "Rewards", dependencies: ["Crystals", "Potentials", "Stability"]),
        .target(
            name: "Archive",
            dependencies: ["Crystals", "Kernels", "Telemetry", .product(name: "GRDB", package: "GRDB.swift")]),
        .target(
            name: "Messaging",
            dependencies: ["CZeroMQ", "Kernels", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: ["Protocol/druse.proto"]),
        .target(name: "PolicyOptimization", dependencies: ["Crystals", "Kernels", "Policy"]),
        .target(name: "Telemetry"),
        .target(
            name: "Roles",
            dependencies: [
                "Archive", "Crystals", "Kernels", "Messaging", "Policy", "PolicyOptimization", "Potentials", "Rewards",
                "Stability", "Telemetry", .product(name: "Logging", package: "swift-log"),
                .product(name: "Yams", package: "Yams"),
            ]),
        .executableTarget(
            name: "druse",
            dependencies: [
                "Archive", "Crystals", "Kernels", "Policy", "Potentials", "Rewards", "Roles", "Stability", "Telemetry",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(name: "actor", dependencies: roleProgram),
        .executableTarget(name: "learner", dependencies: roleProgram),
        .executableTarget(name: "reward-worker", dependencies: roleProgram),
        .target(name: "PolicyFixtures", dependencies: ["Policy", "Kernels", "Crystals"], path: "Tests/PolicyFixtures"),
        .testTarget(
            name: "PolicyOptimizationTests",
            dependencies: ["PolicyOptimization", "PolicyFixtures", "Policy", "Kernels", "Crystals"]),
        .testTarget(name: "PolicyTests", dependencies: ["Policy", "PolicyFixtures", "Kernels", "Crystals"]),
        .testTarget(name: "MessagingTests", dependencies: ["Messaging"]),
        .executableTarget(name: "faulty-engine", dependencies: ["Rewards", "Roles"], path: "Tests/FaultyEngine"),
        .testTarget(
            name: "RolesTests",
            dependencies: [
                "Archive", "Crystals", "Kernels", "Messaging", "Policy", "PolicyOptimization", "Potentials", "Rewards",
                "Roles", "Stability", "faulty-engine",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(name: "ProgramFixtures", path: "Tests/ProgramFixtures"),
        .testTarget(
            name: "CommandLineTests",
            dependencies: ["Crystals", "Policy", "PolicyFixtures", "ProgramFixtures", "druse"]),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "Archive", "Kernels", "Policy", "ProgramFixtures", "Roles", "Telemetry", "actor", "druse", "learner",
                "reward-worker",
            ]),
        .testTarget(name: "KernelsTests", dependencies: ["Kernels"]),
        .testTarget(name: "CrystalsTests", dependencies: ["Crystals"]),
        .testTarget(name: "StabilityTests", dependencies: ["Stability", "Crystals"]),
        .testTarget(name: "RewardsTests", dependencies: ["Rewards", "Crystals", "Potentials", "Stability"]),
        .testTarget(name: "TelemetryTests", dependencies: ["Telemetry"]),
        .testTarget(name: "ArchiveTests", dependencies: ["Archive", "Crystals", "Kernels", "Telemetry"]),
        .testTarget(name: "PotentialsTests", dependencies: ["Crystals", "Kernels", "Potentials"]),
    ],
    swiftLanguageModes: [.v6]
)

// The same switches for every Swift target.
for target in package.targets where target.type != .system && target.name != "CKernels" {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        ]
}
