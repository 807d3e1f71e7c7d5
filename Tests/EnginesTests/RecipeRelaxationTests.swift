import Engines
import Potentials
import Rewards
import Stability
import Testing
import Trajectories

/// Recipes come from others: what cannot be relaxed by is refused, and ends no worker.
@Suite struct RecipeRelaxationTests {
    private func text(_ change: (inout Recipe) -> Void) throws -> String {
        let engine = try ScoringEngine(potential: "chgnet", hull: "default")
        var recipe = Recipe(
            limits: ValidityLimits(), potential: "chgnet", potentialDigest: engine.potential.digest, hull: "default",
            hullDigest: engine.hull.digest)
        change(&recipe)
        return try PeerSettings.text(recipe)
    }

    private static let changes: [(words: String, change: @Sendable (inout Recipe) -> Void)] = [
        ("the number of steps is -1", { $0.examination = Examination(relaxation: settings { $0.maximumSteps = -1 }) }),
        ("the smallest distance", { $0.examination = Examination(relaxation: settings { $0.minimumDistance = 0 }) }),
        ("the volume may change", { $0.examination = Examination(relaxation: settings { $0.volumeRatios = 2...3 }) }),
        (
            "the number of steps is -5",
            {
                $0.relaxation.until = .steps
                $0.relaxation.maximumSteps = -5
            }
        ),
    ]

    private static func settings(_ change: (inout RelaxationSettings) -> Void) -> RelaxationSettings {
        var settings = RelaxationSettings()
        change(&settings)
        return settings
    }

    @Test(arguments: changes.indices) func relaxationThatCannotBe_isRefused(number: Int) throws {
        let (words, change) = Self.changes[number]
        func refusal(_ make: () throws -> Void) -> String {
            let error = #expect(throws: RoleError.self, performing: make)
            if case .cannotServe(let reason)? = error { return reason }
            return "\(String(describing: error))"
        }
        let native = try text(change)
        #expect(refusal { _ = try EngineMeasurerFactory().makeMeasurer(native) }.contains(words))
        let foreign = try text {
            change(&$0)
            $0.potential = "external mine"
        }
        // Refused before the engine is started.
        let engine = ForeignEngine(
            command: try ForeignCommand(words: ["/bin/false"], environment: [:]), settings: .init(),
            logger: LogLines().logger)
        defer { engine.close() }
        #expect(refusal { _ = try ForeignMeasurerFactory(engine).makeMeasurer(foreign) }.contains(words))
    }

    private struct Idle: CrystalMeasurer {
        func measure(_ items: [WorkItem]) -> [MeasuringResult] { [] }
    }

    /// Whatever recipes come, so many measurers are kept, each as long as it has room.
    @Test func shelf_keepsSoManyMeasurers() throws {
        var shelf = MeasurerShelf(limit: 3)
        var made: [String] = []
        func take(_ recipe: String) throws {
            _ = try shelf.measurer(of: recipe) {
                made.append($0)
                return Idle()
            }
            #expect(shelf.count <= 3)
        }
        for recipe in ["a", "b", "c", "a", "b"] { try take(recipe) }
        #expect(made == ["a", "b", "c"])
        for number in 0..<100 { try take("\(number)") }
        #expect(made.count == 103)
    }
}
