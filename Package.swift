// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "druse",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CSpglib", providers: [.apt(["libsymspg-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CBzip2", providers: [.apt(["libbz2-dev"])]),
        .systemLibrary(name: "CZeroMQ", pkgConfig: "libzmq", providers: [.apt(["libzmq3-dev"])]),
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-fno-math-errno", "-fno-trapping-math"])]),
        .target(name: "Kernels", dependencies: ["CKernels", "COpenBLAS"]),
        .target(name: "Crystals", dependencies: ["CSpglib", "CZlib", "CBzip2"], resources: [.copy("Resources")]),
        .target(name: "Potentials", dependencies: ["Crystals", "Kernels"], resources: [.copy("Resources")]),
        .target(name: "Policy", dependencies: ["Crystals", "Kernels"]),
        .target(name: "PolicyOptimization", dependencies: ["Crystals", "Kernels", "Policy"]),
        .target(name: "Telemetry"),
        .target(
            name: "Roles",
            dependencies: [
                "Crystals", "Kernels", "Policy", "PolicyOptimization", "Telemetry", .product(name: "Yams", package: "Yams"),
            ]),
        .executableTarget(
            name: "druse",
            dependencies: ["Roles", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
        .target(name: "PolicyFixtures", dependencies: ["Policy", "Kernels", "Crystals"], path: "Tests/PolicyFixtures"),
        .testTarget(
            name: "PolicyOptimizationTests", dependencies: ["PolicyOptimization", "PolicyFixtures", "Policy", "Kernels", "Crystals"]),
        .testTarget(name: "PolicyTests", dependencies: ["Policy", "PolicyFixtures", "Kernels", "Crystals"]),
        .testTarget(name: "KernelsTests", dependencies: ["Kernels"]),
        .testTarget(name: "CrystalsTests", dependencies: ["Crystals"]),
        .testTarget(name: "PotentialsTests", dependencies: ["Crystals", "Kernels", "Potentials"]),
    ],
    swiftLanguageModes: [.v6]
)

// The same switches for every Swift target.
for target in package.targets where target.type != .system && target.name != "CKernels" {
    target.swiftSettings = (target.swiftSettings ?? []) + [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
}
