import Crystals
import Engines
import FleetFixtures
import Foundation
import Potentials
import Rewards
import Stability
import Testing
import Trajectories

@Suite struct EngineMeasurerFactoryTests {
    /// Two hulls of the same compounds, one with another energy, in files.
    private func withHulls(_ body: (_ first: String, _ second: String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hulls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ name: String, energy: Double) throws -> String {
            let entries: [[String: Any]] =
                ["Na", "Cl"].map { symbol in
                    ["composition": [symbol: 1], "energy": -2.0, "correction": 0, "entry_id": symbol]
                } + [["composition": ["Na": 1, "Cl": 1], "energy": energy, "correction": 0, "entry_id": "salt"]]
            let url = folder.appending(path: name)
            try JSONSerialization.data(withJSONObject: ["entries": entries]).write(to: url)
            return url.path
        }
        try body(try write("a.json", energy: -6.5), try write("b.json", energy: -6.25))
    }

    private func settings(_ engine: ScoringEngine, hull: String) -> Recipe {
        Recipe(
            limits: ValidityLimits(), potential: "chgnet", potentialDigest: engine.potential.digest, hull: hull,
            hullDigest: engine.hull.digest)
    }

    @Test func makeMeasurer_hullOfTheSameSizeButAnother_isRefusedWithBothDigests() throws {
        try withHulls { first, second in
            let mine = try ScoringEngine(potential: "chgnet", hull: first)
            let theirs = try ScoringEngine(potential: "chgnet", hull: second)
            #expect(mine.hull.compoundCount == theirs.hull.compoundCount)
            let text = try PeerSettings.text(settings(theirs, hull: first))
            let error = #expect(throws: RoleError.self) { try EngineMeasurerFactory().makeMeasurer(text) }
            guard case .cannotServe(let reason)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason.contains(mine.hull.digest) && reason.contains(theirs.hull.digest))
            #expect(reason.contains("the hull \(first)"))
        }
    }

    /// The embedded hull holds corrected energies; a file holds what its owner says.
    @Test func engine_ofAnotherConvention_isRefusedOnTheEmbeddedHullAlone() throws {
        #expect(try ScoringEngine(potential: "chgnet-0.2.0", hull: "default").hull.isEmbedded)
        let error = #expect(throws: ModelError.self) { try ScoringEngine(potential: "chgnet-r2scan", hull: "default") }
        #expect(error?.description.contains("own-hull-only") == true)
        try withHulls { first, _ in
            let engine = try ScoringEngine(potential: "chgnet-r2scan", hull: first)
            #expect(engine.potential.name == "chgnet-r2scan" && !engine.hull.isEmbedded)
        }
    }

    @Test func makeMeasurer_otherPotential_isRefusedWithBothDigests() throws {
        try withHulls { first, _ in
            let engine = try ScoringEngine(potential: "chgnet", hull: first)
            var settings = settings(engine, hull: first)
            settings.potentialDigest = String(repeating: "0", count: 64)
            let text = try PeerSettings.text(settings)
            let error = #expect(throws: RoleError.self) { try EngineMeasurerFactory().makeMeasurer(text) }
            let reason = "\(try #require(error))"
            #expect(reason.contains(engine.potential.digest) && reason.contains(settings.potentialDigest))
        }
    }

    @Test func makeMeasurer_otherLimitsOnly_keepsPotentialAndHull() throws {
        try withHulls { first, _ in
            var settings = settings(try ScoringEngine(potential: "chgnet", hull: first), hull: first)
            let factory = EngineMeasurerFactory()
            _ = try factory.makeMeasurer(try PeerSettings.text(settings))
            // Were it read again, it would be missed.
            try FileManager.default.removeItem(atPath: first)
            settings.limits.minimumDistance = 1.25
            _ = try factory.makeMeasurer(try PeerSettings.text(settings))
        }
    }

    /// Whatever comes over the wire ends in an outcome, in bounded time.
    @Test func measure_crystalsThatMakeNoSense_givesTypedOutcomes() throws {
        try withHulls { first, _ in
            let engine = try ScoringEngine(potential: "chgnet", hull: first)
            let measurer = engine.makeMeasurer(ValidityLimits())
            var generator = SeededGenerator(seed: 5)
            let odd: [Double] = [
                .nan, .infinity, -.infinity, 0, -1, 1e-300, 1e300, .leastNonzeroMagnitude, -1e18, 1e18, 0.5, 3, 90, 180,
                360,
            ]
            let elements = try ["Na", "Cl"].map { try #require(Element(symbol: $0)) }
            for number in 0..<2000 {
                func value(_ range: ClosedRange<Double>) -> Double {
                    Int.random(in: 0..<12, using: &generator) == 0
                        ? odd[Int.random(in: odd.indices, using: &generator)]
                        : Double.random(in: range, using: &generator)
                }
                let sites = (0..<[0, 1, 2, 3, 5, 21, 256][number % 7]).map { _ in
                    Crystal.Site(
                        wyckoff: Int.random(in: -1...28, using: &generator),
                        element: elements[Int.random(in: 0...1, using: &generator)],
                        position: SIMD3(value(-1...2), value(-1...2), value(-1...2)))
                }
                let crystal = Crystal(
                    spaceGroup: try #require(SpaceGroup(number: Int.random(in: 1...230, using: &generator))),
                    sites: sites,
                    lattice: LatticeParameters(
                        a: value(0.5...60), b: value(0.5...60), c: value(0.5...60), alpha: value(1...179),
                        beta: value(1...179), gamma: value(1...179)))
                let item = WorkItem(job: 0, index: number, crystal: crystal, isTerminated: true)
                let results = measurer.measure([item])
                #expect(results.count == 1)
                #expect(results.allSatisfy { $0.seconds < 5 })
            }
        }
    }
}
