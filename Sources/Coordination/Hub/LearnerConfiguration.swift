package import Base
internal import Protocol
package import Security
package import Trajectories

/// What the learner role needs to know.
package struct LearnerConfiguration: Sendable {
    /// The name of the run: peers with work of another run drop it.
    package var run: String
    package var runSeed: UInt64
    /// The build of its program: peers of another one are turned away, since what they sample or measure may be other
    /// numbers. nil: all are taken.
    package var build: String?
    /// Where to listen; port 0 takes a free one.
    package var endpoint: Endpoint
    /// Whether to listen where other machines can connect although nothing is encrypted and nobody authenticated.
    package var isInsecure = false
    /// By what it is known, and whom it lets in; nil: connections are neither encrypted nor authenticated.
    package var credentials: LearnerCredentials?
    /// More peers than this are turned away.
    package var peerCapacity = PeerTable.capacity
    /// More connections than this beyond the peers' own are cut.
    package var strangerCapacity = 1024
    /// The last version, which ends the run: as many training steps are made.
    package var versions: Int
    package var mode = Mode.synchronous
    package var crystalsPerBatch: Int
    package var crystalsPerUnit: Int
    package var crystalsPerTask: Int
    /// What actors are told at login (JSON): how to sample.
    package var samplingSettings = ""
    /// A run has at most so many judges.
    package static let judgeLimit = WireLimits.recipes - 1
    /// How crystals are measured: first the recipe that decides, then those of judges.
    package var recipes = [MeasuringRecipe(settings: "")]
    /// The energy conventions of engines that earlier lives of the run were measured by, by the engines' names.
    package var conventions: [String: String] = [:]
    /// The files that the recipes name, for reward workers to pull.
    package var files: [Blob] = []
    /// Whether there is no run: the hub has items measured that it is given (``HubCore/measure(_:now:)``), and takes
    /// reward workers alone.
    package var measuresAlone = false
    /// Items of an evaluation that the hub holds at a time.
    package var evaluationItems = WireLimits.otherItems
    /// Atoms of those.
    package var evaluationAtoms = WireLimits.otherAtoms
    /// Which measurements are made again.
    package var audit = AuditRule.none
    package var timing: HubTiming = HubTiming()
    /// Whether the observer is told about once a second who takes part and what everybody does.
    package var watchesFleet = false
    /// What is taken from peers.
    package var admission = Admission()
    /// A unit that this many different processes cannot sample ends the run with an error.
    var unitFailuresBeforeAbort: Int = 3

    package init(
        run: String, runSeed: UInt64, endpoint: Endpoint, versions: Int, crystalsPerBatch: Int, crystalsPerUnit: Int,
        crystalsPerTask: Int
    ) {
        self.run = run
        self.runSeed = runSeed
        self.endpoint = endpoint
        self.versions = versions
        self.crystalsPerBatch = crystalsPerBatch
        self.crystalsPerUnit = crystalsPerUnit
        self.crystalsPerTask = crystalsPerTask
    }

    /// What peers of a role are told at login.
    func settings(for role: PeerRole) -> String {
        switch role {
        case .actor: samplingSettings
        case .rewardWorker: RecipeList.text(of: recipes.map(\.settings))
        case .evaluation, .relay: ""
        }
    }

    /// How steps get their batches.
    package var gathering: any BatchGathering {
        switch mode {
        case .synchronous: ExactVersion(crystals: crystalsPerBatch, crystalsPerUnit: crystalsPerUnit)
        case .asynchronous(let staleness): FirstComplete(crystals: crystalsPerBatch, maximumStaleness: staleness)
        }
    }

    /// How sampling and training take turns.
    package enum Mode: Sendable, Hashable {
        /// A step's crystals are sampled by the version that it begins with; meanwhile nothing is trained.
        case synchronous
        /// Sampling goes on while a step is made; crystals may be so many versions old.
        case asynchronous(maximumStaleness: Int)
    }

    /// What is wrong with the numbers, in words; empty if nothing.
    package var problems: [String] {
        var problems: [String] = []
        func check(_ condition: Bool, _ problem: String) {
            if !condition { problems.append(problem) }
        }
        check(!run.isEmpty && run.utf8.count <= 200, "the run's name must have 1 to 200 bytes")
        check((1...1_000_000_000).contains(versions), "versions must be at least 1")
        check((1...10_000_000).contains(crystalsPerBatch), "crystals per batch must be in 1...10000000")
        if case .asynchronous(let staleness) = mode {
            check((0...1024).contains(staleness), "the staleness must be in 0...1024 versions")
        }
        check((1...1024).contains(crystalsPerUnit), "crystals per unit must be in 1...1024")
        check((1...256).contains(crystalsPerTask), "crystals per task must be in 1...256")
        check(unitFailuresBeforeAbort >= 1, "unit failures before abort must be at least 1")
        let hasKeys = credentials != nil
        if let problem = ListeningRule.problem(of: endpoint, isInsecure: isInsecure, hasKeys: hasKeys) {
            problems.append(problem)
        }
        check((1...WireLimits.recipes).contains(recipes.count), "there must be 1 to \(WireLimits.recipes) recipes")
        check(Set(recipes.map(\.digest)).count == recipes.count, "two recipes are the same")
        for role in PeerRole.allCases where settings(for: role).utf8.count > WireLimits.settingsBytes {
            problems.append("the settings for the role \(role.rawValue) are over \(WireLimits.settingsBytes) bytes")
        }
        return problems + timing.problems
    }
}
