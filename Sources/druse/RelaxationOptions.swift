import ArgumentParser
import Potentials

/// Options of commands that relax structures.
struct RelaxationOptions: ParsableArguments {
    @Option(help: "The largest force on an atom to end with, in eV/angstrom.")
    var fmax = 0.05

    @Option(help: "The largest component of the stress to end with, in GPa.")
    var stress = 0.1

    @Option(help: "The most steps.")
    var steps = 300

    @Flag(inversion: .prefixedNo, help: "Relax the cell, or the positions alone.")
    var cell = true

    @Flag(name: .customLong("release-symmetry"), help: "Let the space group go; by default it is kept.")
    var releaseSymmetry = false

    @Flag(name: .customLong("keep-symmetry"), help: "Keep the space group, which is the default.")
    var keepSymmetry = false

    @Option(help: "lbfgs, or fire as in ASE.")
    var optimizer = RelaxationSettings.Optimizer.lbfgs

    @OptionGroup var symmetry: SymmetryOptions

    var settings: RelaxationSettings {
        var settings = RelaxationSettings()
        settings.optimizer = optimizer
        settings.criterion = .forceAndStress(force: fmax, stress: stress)
        settings.relaxesCell = cell
        settings.keepsSymmetry = !releaseSymmetry
        settings.symmetryTolerance = symmetry.symprec
        settings.maximumSteps = steps
        return settings
    }

    func validate() throws {
        if keepSymmetry, releaseSymmetry {
            throw ValidationError("--keep-symmetry and --release-symmetry exclude each other")
        }
        if let problem = settings.problem { throw ValidationError(problem) }
    }
}

extension RelaxationSettings.Optimizer: ExpressibleByArgument {}
