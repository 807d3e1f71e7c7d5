import ArgumentParser
import Evaluation
import FineTuning
import Foundation
import Potentials
import Rewards

/// What is done with every crystal of an evaluation.
struct ExaminationOptions: ParsableArguments {
    @Option(help: "Below this a crystal counts as stable, eV/atom; the run's, or 0.1.")
    var stableBelow: Double?

    @Flag(help: "Relax every crystal, its space group kept, and judge both forms.")
    var relax = false

    @Option(help: "The most steps of a relaxation (default: 300).")
    var steps: Int?

    @Option(
        help: ArgumentHelp(
            "Displace every coordinate before the relaxation by numbers of this standard deviation, and let the space "
                + "group go, so that symmetric crystals leave their saddle points; angstrom.", valueName: "length"))
    var rattle: Double?

    @Flag(
        help: ArgumentHelp(
            "The field's benchmark (LeMat-GenBench, arXiv 2512.04562): 2,500 crystals, relaxed after displacements of "
                + "0.03 angstrom, with --cifs where --save is given."))
    var benchmark = false

    static let benchmarkRattle = 0.03

    /// How many crystals where that is not told.
    var usualCount: Int { benchmark ? 2500 : 1000 }

    func validate() throws {
        guard steps ?? 1 >= 1 else { throw ValidationError("--steps must be at least 1") }
        guard (0...0.5).contains(rattle ?? 0) else { throw ValidationError("--rattle must be 0 to 0.5 angstrom") }
        if !relax, !benchmark {
            if rattle ?? 0 > 0 { throw ValidationError("--rattle belongs to --relax") }
            if steps != nil { throw ValidationError("--steps belongs to --relax") }
        }
        if let stableBelow, !stableBelow.isFinite { throw ValidationError("--stable-below must be a number") }
    }

    func settings(seed: UInt64, run: RunConfiguration?) -> ExaminationSettings {
        var settings = ExaminationSettings()
        settings.seed = seed
        settings.limits = run?.reward.limits ?? settings.limits
        guard relax || benchmark else { return settings }
        settings.rattle = rattle ?? (benchmark ? Self.benchmarkRattle : 0)
        var relaxation = RelaxationSettings()
        if let steps { relaxation.maximumSteps = steps }
        settings.relaxation = relaxation
        return settings
    }

    /// What decides the measurements, in words.
    func words(_ settings: ExaminationSettings) -> String {
        let relaxation = settings.relaxation.map { "relaxed in \($0.maximumSteps) steps, rattle \(settings.rattle)" }
        return "limits \(settings.limits), \(relaxation ?? "not relaxed")"
    }
}
