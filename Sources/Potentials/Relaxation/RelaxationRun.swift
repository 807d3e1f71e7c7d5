import Crystals

/// One crystal on its way down: says what to evaluate next, is told the answer, and ends.
struct RelaxationRun {
    private let input: RelaxationInput
    private let initial: Structure
    private let spaceGroup: SpaceGroup?
    private let settings: RelaxationSettings
    private let coordinates: RelaxationCoordinates
    private var minimizer: any Minimizer
    /// Where the next evaluation is.
    private var values: [Double]
    private(set) var structure: Structure
    private var best: Point?
    private var initialEnergy = 0.0
    private var steps = 0
    /// What was spent of ``RelaxationSettings/maximumCrowding``.
    private var crowding = 0.0
    /// Å; atoms nearer than this have come on top of each other.
    private let nearestDistance: Double

    /// A point that was evaluated and is within the limits.
    private struct Point {
        let structure: Structure
        let energy: Double
        let forces: RelaxationCoordinates.Forces
    }

    /// - Throws: `RelaxationError` for structures that cannot be relaxed.
    init(_ input: RelaxationInput, settings: RelaxationSettings) throws(RelaxationError) {
        let start = try RelaxationStart(input, settings: settings)
        self.input = input
        self.settings = settings
        initial = start.initial
        spaceGroup = start.spaceGroup
        let coordinates = RelaxationCoordinates(start.symmetric, relaxesCell: settings.relaxesCell)
        self.coordinates = coordinates
        structure = coordinates.start
        // Where atoms begin nearer than the limit, they may come apart, but not much nearer.
        let first = coordinates.start.surroundings?.nearest ?? 0
        let limit = settings.minimumDistance
        nearestDistance = first >= limit ? limit : max(1e-6, 0.5 * first)
        values = [Double](repeating: 0, count: coordinates.count)
        switch settings.optimizer {
        case .fire:
            minimizer = FastInertialRelaxation(start: values, maximumStep: settings.maximumDisplacement)
        case .lbfgs:
            minimizer = QuasiNewton(
                start: values, hessian: ModelHessian(coordinates),
                noise: RelaxationRun.energyNoise * Double(initial.atomCount),
                limit: { coordinates.factor(ofStep: $0, settings) })
        }
    }

    /// eV/atom; how far energies of one crystal may be off against each other by rounding.
    private static let energyNoise = 5e-6

    /// Takes what the potential says of `structure`; nil as long as there is more to evaluate.
    mutating func advance(
        _ answer: Result<PotentialEvaluation, PotentialError>
    ) -> Result<Relaxation, RelaxationError>? {
        let sample: MinimizerSample
        var point: Point?
        var failure: PotentialError?
        switch answer {
        case .success(let evaluation):
            guard let forces = evaluation.forces, !settings.relaxesCell || evaluation.stress != nil else {
                return .failure(.missingDerivatives(potential: "the potential"))
            }
            let found = coordinates.forces(values, forces: forces, stress: evaluation.stress)
            let energy = evaluation.energyPerAtom * Double(initial.atomCount)
            if energy.isFinite, found.generalized.allSatisfy(\.isFinite) {
                sample = .point(energy: energy, forces: found.generalized)
                point = Point(structure: structure, energy: evaluation.energyPerAtom, forces: found)
            } else {
                failure = .notFinite(potential: "the potential")
                sample = .nothing
            }
        case .failure(let error):
            failure = error
            sample = .nothing
        }
        guard best != nil else {
            guard let point else { return .failure(.potential(failure ?? .emptyStructure)) }
            initialEnergy = point.energy
            best = point
            return proceed(minimizer.advance(sample), to: point, failure: nil)
        }
        steps += 1
        return proceed(minimizer.advance(sample), to: point, failure: failure)
    }

    /// Ends, or goes on to what the minimiser wants to see.
    private mutating func proceed(
        _ advice: MinimizerAdvice, to point: Point?, failure: PotentialError?
    ) -> Result<Relaxation, RelaxationError>? {
        var advice = advice
        var isTooNear = false
        while true {
            let next: [Double]
            switch advice {
            case .accept(let values):
                if let point { best = point }
                if isConverged { return finish(.converged) }
                next = values
            case .retry(let values):
                next = values
            case .stalled:
                return finish(isTooNear ? .collapsed : failure.map(Relaxation.End.failed) ?? .stalled)
            }
            if steps >= settings.maximumSteps { return finish(.steps) }
            let structure = coordinates.structure(next)
            let ratio = structure.cell.volume / coordinates.start.cell.volume
            if !(ratio <= settings.volumeRatios.upperBound) { return finish(.exploded) }
            if ratio < settings.volumeRatios.lowerBound { return finish(.collapsed) }
            guard let surroundings = structure.surroundings else { return finish(.crowded) }
            if surroundings.nearest < nearestDistance {
                isTooNear = true
                steps += 1
                advice = minimizer.advance(.nothing)
                continue
            }
            crowding += surroundings.crowding
            if crowding > settings.maximumCrowding { return finish(.crowded) }
            self.structure = structure
            values = next
            return nil
        }
    }

    private var isConverged: Bool {
        guard let forces = best?.forces else { return false }
        switch settings.criterion {
        case .forceAndStress(let force, let stress):
            return forces.largestForce <= force && forces.largestStress * Stress.gigapascals <= stress
        case .generalizedForce(let force):
            // ASE's methods go on at the limit itself.
            return forces.largestRow < force
        }
    }

    private func finish(_ end: Relaxation.End) -> Result<Relaxation, RelaxationError> {
        guard let best else { return .failure(.potential(.emptyStructure)) }
        var crystal: Crystal?
        if case .crystal(let given) = input, settings.keepsSymmetry { crystal = given.moved(to: best.structure) }
        return .success(
            Relaxation(
                initial: initial, final: best.structure, finalCrystal: crystal, spaceGroup: spaceGroup,
                initialEnergyPerAtom: initialEnergy, finalEnergyPerAtom: best.energy, end: end, steps: steps,
                largestForce: best.forces.largestForce,
                largestStress: best.forces.largestStress * Stress.gigapascals,
                displacement: initial.displacement(to: best.structure),
                volumeRatio: best.structure.cell.volume / initial.cell.volume))
    }
}

extension RelaxationCoordinates {
    /// What a step has to be scaled by so that no atom moves and the cell is not strained by more than the limits; at
    /// most 1.
    fileprivate func factor(ofStep step: [Double], _ settings: RelaxationSettings) -> Double {
        var farthest = 0.0
        for orbit in orbits {
            var squared = 0.0
            for index in orbit.directions.indices { squared += step[orbit.offset + index] * step[orbit.offset + index] }
            farthest = max(farthest, orbit.scale * squared.squareRoot())
        }
        let strained = strains.isEmpty ? 0 : SymmetricMatrix3(strain(step)).norm
        return min(1, settings.maximumDisplacement / farthest, settings.maximumStrain / strained)
    }
}

extension Structure {
    /// How near atoms are; nil for more neighbours than any crystal has, or where they cannot be listed.
    fileprivate var surroundings: (nearest: Double, crowding: Double)? {
        guard let neighbors = try? NeighborList(of: self, cutoff: 3, maximumEdges: 200_000) else { return nil }
        var counts = [Double](repeating: 0, count: atomCount)
        for bond in 0..<neighbors.bondCount {
            counts[neighbors.first[bond]] += 1
            counts[neighbors.second[bond]] += 1
        }
        let pairs = counts.reduce(0) { $0 + $1 * ($1 - 1) }
        let isCrowded = pairs > 1_500 * Double(atomCount)
        return (neighbors.lengths.min() ?? .infinity, isCrowded ? pairs : 0)
    }

    /// The root of the mean squared displacement of the atoms to those of a structure that grew out of this one, Å, in
    /// this one's cell, without what they have in common.
    fileprivate func displacement(to other: Structure) -> Double {
        let vectors = zip(fractionalCoordinates, other.fractionalCoordinates).map { first, second in
            cell.cartesian(nearestImage(second - first))
        }
        let mean = vectors.reduce(.zero, +) / Double(max(1, vectors.count))
        let sum = vectors.reduce(0) { $0 + ($1 - mean).squaredLength }
        return (sum / Double(max(1, vectors.count))).squareRoot()
    }
}
