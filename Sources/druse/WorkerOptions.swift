import ArgumentParser
import Base
import Coordination
import Engines
import Evaluation
import Fleet
import Foundation
import Potentials
import Rewards
import Trajectories

/// Reward workers that measure in place of this process.
struct WorkerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Have the crystals measured by the reward workers that connect here (reward-worker --connect), as many as "
                + "there are, in place of this machine's cores; port 0 takes a free one.",
            valueName: "tcp://HOST:PORT"))
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "Have the crystals measured by the reward workers of the learner that listens here, after those of its "
                + "run.",
            valueName: "tcp://HOST:PORT"))
    var connect: String?

    @Option(
        help: ArgumentHelp(
            "The same, by the learner's endpoint.json in its run directory in place of the address.", valueName: "file")
    )
    var connectFile: String?

    @Option(
        help: ArgumentHelp(
            "How long --connect and --connect-file look for a learner that does not answer.", valueName: "seconds"))
    var patience = 60.0

    @Option(
        help: ArgumentHelp(
            "For --listen the folder with a learner's key and the keys that may take part, for --connect the key of "
                + "this process or a folder that holds one (druse keys); DRUSE_KEYS says the same.", valueName: "path"))
    var keys: String?

    @Option(
        help: ArgumentHelp(
            "For --connect the public key of the learner; else learner.pub beside --keys.", valueName: "file"))
    var serverKey: String?

    @Flag(
        help: ArgumentHelp(
            "Allow --listen where other machines can connect without keys: nothing is encrypted, nobody is "
                + "authenticated."))
    var insecure = false

    func validate() throws {
        if listen != nil, connect != nil || connectFile != nil {
            throw ValidationError("--listen, --connect and --connect-file exclude each other")
        }
        if connectsToLearner, let problem = RoleProcess.connectionProblem(connect: connect, file: connectFile) {
            throw ValidationError(problem)
        }
        guard patience > 0 else { throw ValidationError("--patience must be positive") }
        if insecure, listen == nil { throw ValidationError("--insecure belongs to --listen") }
        if keys != nil, !areWanted { throw ValidationError("--keys belongs to --listen or --connect") }
        if serverKey != nil, !connectsToLearner { throw ValidationError("--server-key belongs to --connect") }
        guard let listen else { return }
        do {
            guard try Endpoint(listen).port == nil else { return }
        } catch { throw ValidationError("--listen: \(error)") }
        throw ValidationError("--listen \(listen): write an address such as tcp://127.0.0.1:5555")
    }

    /// Whether reward workers measure.
    var areWanted: Bool { listen != nil || connectsToLearner }

    /// Whether they are those of a running learner.
    var connectsToLearner: Bool { connect != nil || connectFile != nil }

    /// Listens, or connects to a learner, if asked to.
    ///
    /// - Parameters:
    ///   - isOfRun: whether the potential is that of the run whose policies are evaluated.
    ///   - potential: the name of the potential that was loaded as `engine`'s.
    ///   - judge: the name of a second judge's.
    func workers(
        potential: String, isOfRun: Bool, engine: ScoringEngine, settings: ExaminationSettings, judge: String?,
        stop: StopToken
    ) throws -> Workers? {
        guard areWanted else { return nil }
        var list = RecipeBuilder()
        try list.add(potential, digest: engine.potential.digest, Examination())
        var places = RemoteExaminer.Recipes(energy: 0)
        if let relaxation = settings.relaxationInEffect {
            places.relaxation = list.recipes.count
            try list.add(potential, digest: engine.potential.digest, Examination(relaxation: relaxation))
        }
        if let judge {
            places.judge = list.recipes.count
            let digest = try MeasuringStandard.digest(ofPotential: judge)
            try list.add(judge, digest: digest, Examination(), name: "judge")
        }
        let itemsPerTask = settings.relaxation == nil ? 8 : 1
        if connectsToLearner {
            if let judge, case .file = PotentialName(judge) { throw Self.fileProblem("--judge \(judge)") }
            if !isOfRun, case .file = PotentialName(potential) { throw Self.fileProblem("--potential \(potential)") }
            let logger = try RoleProcess.logger("evaluate", level: "info")
            let client = try MeasuringClient(
                configuration: RoleProcess.peer(
                    connect: connect, file: connectFile, threads: 1, patience: patience,
                    keys: PeerKeyPlaces(keys: keys, serverKey: serverKey)),
                recipes: list.recipes.map(\.settings), itemsPerTask: itemsPerTask, stop: stop, logger: logger)
            return Workers(
                examiner: RemoteExaminer(recipes: places, potential: engine.potential) { item, recipe in
                    try client.measure(item, recipe: recipe)
                }, engine: { _ in nil }, finish: { _ in client.finish() })
        }
        guard let listen else { return nil }
        let hub = try MeasuringHub(
            run: "evaluation", endpoint: try Endpoint(listen), isInsecure: insecure,
            credentials: LearnerKeyPlaces(keys: keys, allowed: nil, isInsecure: insecure).credentials(),
            recipes: list.recipes, files: list.files, itemsPerTask: itemsPerTask, stop: stop, say: writeMessage)
        writeMessage("listening at \(hub.endpoint): reward-worker --connect \(hub.endpoint)")
        return Workers(
            examiner: RemoteExaminer(recipes: places, potential: engine.potential) { item, recipe in
                try hub.measure(item, recipe: recipe)
            }, engine: { hub.engine(named: $0) }, finish: { hub.finish($0) })
    }

    private static func fileProblem(_ option: String) -> ValidationError {
        ValidationError(
            "\(option): a learner's workers have the files of its run alone; use --listen, which sends the file")
    }

    /// The recipes of an evaluation, with the files that they name.
    private struct RecipeBuilder {
        var recipes: [MeasuringRecipe] = []
        var files: [Blob] = []

        mutating func add(
            _ potential: String, digest: String, _ examination: Examination, name: String = ""
        ) throws {
            var file: RecipeFile?
            var broughtEngine: String?
            switch PotentialName(potential) {
            case .embedded: break
            case .external: broughtEngine = potential
            case .file(let path):
                let offer = try RecipeFile.offer(URL(filePath: path))
                file = offer.file
                if !files.contains(offer.blob) { files.append(offer.blob) }
            }
            // Heights are taken here.
            var recipe = Recipe(
                limits: ValidityLimits(), potential: file?.name ?? potential, potentialDigest: digest,
                hull: HullSource.none, hullDigest: HullSource.none)
            recipe.potentialFile = file
            recipe.examination = examination
            if !name.isEmpty { recipe.judge = name }
            recipes.append(
                MeasuringRecipe(name: name, settings: try PeerSettings.text(recipe), broughtEngine: broughtEngine))
        }
    }
}

/// The reward workers of an evaluation.
struct Workers {
    let examiner: RemoteExaminer
    /// What they measure by as the engine of a name, once they have; nil where they do not say.
    let engine: (String) -> BroughtEngine?
    /// Leaves them, for a reason that they are told.
    let finish: (String) -> Void
}
