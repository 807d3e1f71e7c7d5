import ArgumentParser
import Base
import Engines
import Evaluation
import Fleet
import Foundation
import Potentials
import Stability

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
        let close: () -> Void
    }

    /// - Parameter workers: what measures in place of this process; nil: it does so itself.
    func judge(threads: Int, workers: Workers?) throws -> Judge? {
        let hull = try judgeHull.map { try HullSource.load($0) }
        if let judge, let workers {
            let name: String
            switch PotentialName(judge) {
            case .external(let engine): name = engine
            case .embedded, .file:
                let potential = try PotentialSource.load(judge)
                if let hull { try HullSource.check(hull, isFor: potential) }
                name = potential.name
            }
            return Judge(
                judge: SecondJudge(name: name, evaluators: workers.examiner.judges(), batch: 1, hull: hull), close: {})
        }
        if let judge {
            let potential = try PotentialSource.load(judge)
            if let hull { try HullSource.check(hull, isFor: potential) }
            return Judge(
                judge: SecondJudge(
                    name: potential.name, evaluators: (0..<threads).map { _ in potential.makeEvaluator() }, hull: hull),
                close: {})
        }
        guard let judgeEngine else { return nil }
        let environment = EngineEnvironment.passedOn(
            of: ProcessInfo.processInfo.environment, more: [], sideBySide: 1)
        let engine = ForeignEngine(
            command: try ForeignCommand(words: EngineWords.split(judgeEngine), environment: environment),
            settings: ForeignEngine.Settings(), logger: try RoleProcess.logger("evaluate", level: "warning"))
        return Judge(
            judge: SecondJudge(
                name: "external engine", evaluators: [engine.makeEvaluator()], batch: ForeignEngine.Settings().batch,
                hull: hull),
            close: { engine.close() })
    }

    /// What decides its verdicts, in words.
    var words: String { "judge \(judge ?? judgeEngine ?? "none"), hull \(judgeHull ?? "none")" }
}
