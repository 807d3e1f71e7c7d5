// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "druse",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
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
        .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .target(
            name: "CKernels", dependencies: ["COpenBLAS"],
            cSettings: [.unsafeFlags(["-O3", "-fno-math-errno", "-fno-trapping-math"])]),
        .target(name: "CSpawn"),
        .target(name: "Security", dependencies: ["Base"]),
        .target(name: "Base", dependencies: ["CBzip2", "CCrypto", "CSpawn", "CZlib"]),
        .target(name: "Configuration", dependencies: ["Base", .product(name: "Yams", package: "Yams")]),
        .target(name: "Kernels", dependencies: ["CKernels", "COpenBLAS"]),
        .target(name: "Crystals", dependencies: ["Base", "CSpglib"], resources: [.copy("Resources")]),
        .target(name: "StructureFiles", dependencies: ["Base", "Crystals"]),
        .target(name: "Trajectories", dependencies: ["Base", "Crystals"]),
        .target(name: "Potentials", dependencies: ["Base", "Crystals", "Kernels"], resources: [.copy("Resources")]),
        .target(
            name: "Stability", dependencies: ["Base", "CZlib", "Crystals", "StructureFiles"],
            resources: [.copy("Resources")]),
        .target(name: "Matching", dependencies: ["Base", "CZlib", "Crystals"], resources: [.copy("Resources")]),
        .target(
            name: "Policy", dependencies: ["Base", "Configuration", "Crystals", "Kernels", "Trajectories"],
            resources: [.copy("Resources")]),
        .target(name: "PolicyOptimization", dependencies: ["Base", "Crystals", "Kernels", "Policy", "Trajectories"]),
        .target(
            name: "Rewards",
            dependencies: ["Base", "Configuration", "Crystals", "Matching", "Potentials", "Stability", "Trajectories"]),
        .target(
            name: "Engines",
            dependencies: [
                "Base", "CSpawn", "Crystals", "Policy", "Potentials", "Protocol", "Rewards", "Stability",
                "StructureFiles", "Trajectories", .product(name: "Logging", package: "swift-log"),
            ]),
        .target(
            name: "Protocol",
            dependencies: [
                "Base", "Crystals", "Trajectories", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Schema/druse.proto"]),
        .target(
            name: "Coordination",
            dependencies: [
                "Base", "Crystals", "Protocol", "Security", "Trajectories",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ]),
        .target(name: "Transport", dependencies: ["Base", "CZeroMQ", "Security"]),
        .target(
            name: "Fleet",
            dependencies: [
                "Base", "Coordination", "Protocol", "Security", "Trajectories", "Transport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ]),
        .target(name: "HTTP", dependencies: ["Base"]),
        .target(name: "Telemetry", dependencies: ["Base"]),
        .target(
            name: "Monitoring",
            dependencies: ["Base", "HTTP", "Telemetry"]),
        .target(
            name: "TensorBoard",
            dependencies: ["Base", "Telemetry", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: ["Schema/tensorboard.proto"]),
        .target(
            name: "Archive",
            dependencies: [
                "Base", "Crystals", "Telemetry", "Trajectories", .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        .target(name: "Report", dependencies: ["Archive", "Base", "Crystals", "Telemetry", "Trajectories"]),
        .target(
            name: "LivePage",
            dependencies: [
                "Archive", "Base", "Crystals", "HTTP", "Monitoring", "Report", "StructureFiles", "Telemetry",
                "Trajectories",
            ],
            resources: [.copy("Resources")]),
        .target(
            name: "FineTuning",
            dependencies: [
                "Archive", "Base", "Configuration", "Coordination", "Crystals", "Engines", "Fleet", "Kernels",
                "Monitoring", "Policy", "PolicyOptimization", "Potentials", "Rewards", "Security", "Stability",
                "Telemetry", "TensorBoard", "Trajectories", .product(name: "Logging", package: "swift-log"),
            ]),
        .target(
            name: "Pretraining",
            dependencies: [
                "Archive", "Base", "Configuration", "Crystals", "Kernels", "Policy", "PolicyOptimization",
                "StructureFiles", "Telemetry", "Trajectories",
            ]),
        .target(
            name: "Evaluation",
            dependencies: [
                "Archive", "Base", "Configuration", "Crystals", "Engines", "FineTuning", "Matching", "Policy",
                "Potentials",
                "Report", "Rewards", "Stability", "StructureFiles", "Trajectories",
            ]),
        .target(name: "Refinement", dependencies: ["Base", "Crystals", "Policy", "Trajectories"]),
        .target(
            name: "Launch",
            dependencies: [
                "Archive", "Base", "Configuration", "Coordination", "FineTuning", "Security", "Trajectories",
                "Transport",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(
            name: "druse",
            dependencies: [
                "ActorCommandLine", "Archive", "Base", "Configuration", "Coordination", "Crystals", "Engines",
                "Evaluation", "FineTuning", "Fleet", "Kernels", "Launch", "LearnerCommandLine", "LivePage",
                "Matching", "Monitoring", "Policy", "PolicyOptimization", "Potentials", "Pretraining", "Protocol",
                "Refinement", "Report", "RewardWorkerCommandLine", "Rewards", "RoleOptions", "Security", "Stability",
                "StructureFiles", "Telemetry", "Trajectories", "Transport",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(
            name: "RoleOptions",
            dependencies: [
                "Base", "Configuration", "Coordination", "Fleet", "Monitoring", "Trajectories",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(
            name: "ActorCommandLine",
            dependencies: [
                "Base", "Coordination", "Engines", "Fleet", "Kernels", "RoleOptions", "Trajectories",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(name: "actor", dependencies: ["ActorCommandLine"]),
        .target(
            name: "LearnerCommandLine",
            dependencies: [
                "Archive", "Base", "Configuration", "Coordination", "FineTuning", "Fleet", "LivePage", "Monitoring",
                "RoleOptions", "Security",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(name: "learner", dependencies: ["LearnerCommandLine"]),
        .target(
            name: "RewardWorkerCommandLine",
            dependencies: [
                "Base", "Coordination", "Engines", "Fleet", "Kernels", "RoleOptions", "Trajectories",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(name: "reward-worker", dependencies: ["RewardWorkerCommandLine"]),
        .target(name: "PolicyFixtures", dependencies: ["Base", "Crystals", "Policy"], path: "Tests/PolicyFixtures"),
        .testTarget(
            name: "PolicyOptimizationTests",
            dependencies: [
                "Base", "Crystals", "Kernels", "Policy", "PolicyFixtures", "PolicyOptimization", "Trajectories",
            ]),
        .testTarget(
            name: "PolicyTests",
            dependencies: [
                "Base", "Crystals", "Kernels", "Policy", "PolicyFixtures", "Trajectories",
            ]),
        .testTarget(name: "TransportTests", dependencies: ["Base", "Protocol", "Security", "Transport"]),
        .testTarget(name: "SecurityTests", dependencies: ["Base", "ProgramFixtures", "Security", "Transport"]),
        .executableTarget(
            name: "faulty-engine", dependencies: ["Engines", "Trajectories"], path: "Tests/FaultyEngine"),
        .target(
            name: "FleetFixtures",
            dependencies: [
                "Base", "Coordination", "Crystals", "Fleet", "Protocol", "Trajectories",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/FleetFixtures"),
        .testTarget(name: "BaseTests", dependencies: ["Base"]),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["Configuration", .product(name: "Yams", package: "Yams")]),
        .testTarget(
            name: "ProtocolTests",
            dependencies: [
                "Base", "Coordination", "Crystals", "FleetFixtures", "Protocol", "Trajectories",
            ], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "CoordinationTests",
            dependencies: [
                "Base", "Coordination", "Crystals", "Fleet", "FleetFixtures", "Protocol", "Security", "Trajectories",
            ]),
        .testTarget(
            name: "FleetTests",
            dependencies: [
                "Base", "Coordination", "Crystals", "Fleet", "FleetFixtures", "Protocol", "Trajectories", "Transport",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "EnginesTests",
            dependencies: [
                "Base", "Coordination", "Crystals", "Engines", "Fleet", "FleetFixtures", "ModelFixtures", "Policy",
                "Potentials", "ProgramFixtures", "Protocol", "Rewards", "Stability", "Trajectories", "faulty-engine",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "FineTuningTests",
            dependencies: [
                "Archive", "Base", "Configuration", "Coordination", "Crystals", "Engines", "FineTuning", "Fleet",
                "FleetFixtures", "Kernels", "ModelFixtures", "Monitoring", "Policy", "PolicyOptimization",
                "Pretraining", "Protocol", "Rewards", "Telemetry", "Trajectories",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "PretrainingTests",
            dependencies: [
                "Archive", "Base", "Configuration", "Crystals", "Kernels", "Policy", "PolicyOptimization",
                "Pretraining", "StructureFiles", "Trajectories",
            ]),
        .testTarget(
            name: "LaunchTests",
            dependencies: [
                "Base", "FleetFixtures", "Launch", "Trajectories", .product(name: "Logging", package: "swift-log"),
            ]),
        .target(name: "ProgramFixtures", dependencies: ["Base"], path: "Tests/ProgramFixtures"),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "Archive", "ArchiveFixtures", "Base", "Crystals", "Kernels", "ModelFixtures", "Policy",
                "PolicyFixtures", "ProgramFixtures", "StructureFiles", "Telemetry", "Trajectories", "druse",
            ]),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "Archive", "Base", "Configuration", "Coordination", "Crystals", "Engines", "FineTuning", "Fleet",
                "FleetFixtures", "LivePage", "ModelFixtures", "Monitoring", "Policy", "Potentials", "ProgramFixtures",
                "Protocol", "Report", "Rewards", "Security", "Stability", "Telemetry", "Trajectories", "Transport",
                "actor", "druse", "learner", "reward-worker",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(name: "KernelsTests", dependencies: ["Base", "Kernels"]),
        .target(name: "CrystalFixtures", dependencies: ["Crystals"], path: "Tests/CrystalFixtures"),
        .testTarget(name: "CrystalsTests", dependencies: ["Base", "Crystals", "CrystalFixtures", "StructureFiles"]),
        .testTarget(
            name: "StructureFilesTests", dependencies: ["Base", "Crystals", "CrystalFixtures", "StructureFiles"]),
        .testTarget(
            name: "EvaluationTests",
            dependencies: [
                "Base", "Configuration", "Crystals", "Engines", "Evaluation", "Matching", "ModelFixtures", "Policy",
                "Potentials", "Report", "Rewards", "Trajectories",
            ]),
        .testTarget(
            name: "MatchingTests", dependencies: ["Base", "Crystals", "CrystalFixtures", "Matching"]),
        .testTarget(name: "StabilityTests", dependencies: ["Base", "Crystals", "Stability"]),
        .testTarget(
            name: "RewardsTests",
            dependencies: [
                "Base", "Configuration", "CrystalFixtures", "Crystals", "Potentials", "Rewards", "Stability",
                "Trajectories",
            ]),
        .testTarget(
            name: "RefinementTests", dependencies: ["Base", "Crystals", "Policy", "PolicyFixtures", "Refinement"]),
        .testTarget(name: "MonitoringTests", dependencies: ["Base", "Monitoring", "ProgramFixtures", "Telemetry"]),
        .testTarget(name: "TelemetryTests", dependencies: ["Base", "Telemetry"]),
        .testTarget(name: "TensorBoardTests", dependencies: ["ProgramFixtures", "Telemetry", "TensorBoard"]),
        .target(
            name: "ArchiveFixtures", dependencies: ["Archive", "Crystals", "Telemetry", "Trajectories"],
            path: "Tests/ArchiveFixtures"),
        .testTarget(
            name: "LivePageTests",
            dependencies: [
                "Archive", "ArchiveFixtures", "Base", "HTTP", "LivePage", "Monitoring", "ProgramFixtures",
                "Telemetry", "Trajectories",
            ]),
        .testTarget(
            name: "ReportTests",
            dependencies: ["Archive", "ArchiveFixtures", "Base", "Crystals", "Report", "Telemetry"]),
        .testTarget(
            name: "ArchiveTests",
            dependencies: [
                "Archive", "ArchiveFixtures", "Base", "Crystals", "Telemetry", "Trajectories",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        .target(name: "ModelFixtures", dependencies: ["Base"], path: "Tests/ModelFixtures"),
        .testTarget(
            name: "PotentialsTests",
            dependencies: ["Base", "Crystals", "ModelFixtures", "Potentials", "StructureFiles"]),
    ],
    swiftLanguageModes: [.v6]
)

// For `Scripts/fuzz-decoders` alone, which sets it: it links with a fuzzer's library.
if Context.environment["DRUSE_FUZZ"] == "1" {
    package.targets.append(
        .executableTarget(
            name: "fuzz-decoders",
            dependencies: [
                "Archive", "Base", "Configuration", "Coordination", "Crystals", "Engines", "Evaluation", "FineTuning",
                "FleetFixtures", "HTTP", "Matching", "ModelFixtures", "Policy", "Potentials", "Pretraining",
                "Protocol", "Report", "Rewards", "Security", "Stability", "StructureFiles", "Telemetry", "Trajectories",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            path: "Tests/FuzzDecoders"))
}

// The same switches for every Swift target.
for target in package.targets where target.type != .system && !["CKernels", "CSpawn"].contains(target.name) {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        ]
}
