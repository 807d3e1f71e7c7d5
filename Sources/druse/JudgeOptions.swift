import ArgumentParser
import Base
import Crystals
import Engines
import Evaluation
import Fleet
import Foundation
import Potentials
import Stability
import Trajectories

/// A second potential that is asked about the same crystals.
struct JudgeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A second judge: chgnet-r2scan, chgnet-0.2.0, a CHGNet model file, or, with --listen or --connect, "
                + "external NAME.",
            valueName: "name|file"))
    var judge: String?

    @Option(
        help: ArgumentHelp(
            "An engine in any language as the second judge (Documentation/engines.md).", valueName: "command"))
    var judgeEngine: String?

    @Option(help: ArgumentHelp("A hull of the second judge's own energies.", valueName: "file"))
    var judgeHull: String?

    func validate() throws {
        if judge != nil, judgeEngine != nil { throw ValidationError("--judge and --judge-engine exclude each other") }
        if judgeHull != nil, judge == nil, judgeEngine == nil {
            throw ValidationError("--judge-hull needs --judge or --judge-engine")
        }
    }

    /// A judge with what ends its processes.
    struct Judge {
        let judge: SecondJudge
        /// What decides its verdicts, in words; files by what is in them.
        let words: String
        let close: () -> Void
    }

    /// - Parameter workers: what measures in place of this process; nil: it does so itself.
    func judge(threads: Int, workers: Workers?) throws -> Judge? {
        typealias Identity = SecondJudge.Identity
        let hull = try judgeHull.map { try HullSource.load($0) }
        func made(_ judge: SecondJudge, by potential: String, close: @escaping () -> Void = {}) -> Judge {
            Judge(judge: judge, words: "judge \(potential), hull \(hull?.digest ?? "none")", close: close)
        }
        if let judge, let workers {
            let judges = workers.examiner.judges()
            switch PotentialName(judge) {
            case .external(let name):
                return made(
                    SecondJudge(name: name, evaluators: judges, batch: 1, hull: hull) {
                        workers.engine(name).flatMap(Self.identity)
                    }, by: judge)
            case .embedded, .file:
                let model = try potential(judge, hull)
                return made(
                    SecondJudge(name: model.name, evaluators: judges, batch: 1, hull: hull) {
                        Self.identity(of: model)
                    }, by: model.digest)
            }
        }
        if let judge {
            let model = try potential(judge, hull)
            let evaluators = (0..<threads).map { _ in model.makeEvaluator() }
            return made(
                SecondJudge(name: model.name, evaluators: evaluators, hull: hull) { Self.identity(of: model) },
                by: model.digest)
        }
        guard let judgeEngine else { return nil }
        let environment = EngineEnvironment.passedOn(
            of: ProcessInfo.processInfo.environment, more: [], sideBySide: 1)
        let engine = ForeignEngine(
            command: try ForeignCommand(words: EngineWords.split(judgeEngine), environment: environment),
            settings: ForeignEngine.Settings(), logger: try RoleProcess.logger("evaluate", level: "warning"))
        return made(
            SecondJudge(
                name: "external engine", evaluators: [engine.makeEvaluator()], batch: ForeignEngine.Settings().batch,
                hull: hull
            ) {
                engine.brought.flatMap(Self.identity).map {
                    Identity(words: engine.report.engine, convention: $0.convention)
                }
            },
            by: judgeEngine, close: { engine.close() })
    }

    private static func identity(_ engine: BroughtEngine) -> SecondJudge.Identity? {
        EnergyConvention(rawValue: engine.convention).map {
            SecondJudge.Identity(words: "\(engine.name), \(engine.convention)", convention: $0)
        }
    }

    private static func identity(of potential: any InteratomicPotential) -> SecondJudge.Identity {
        SecondJudge.Identity(
            words: "\(potential.name) \(potential.digest)", convention: potential.energyConvention)
    }

    private func potential(_ name: String, _ hull: HullReference?) throws -> any InteratomicPotential {
        let potential = try PotentialSource.load(name)
        if let hull { try HullSource.check(hull, isFor: potential) }
        return potential
    }
}
