package import Base
package import Crystals
package import Engines
internal import Potentials
package import Report
package import Rewards
internal import Stability
package import Trajectories

/// Tells what a run's models of properties and the terms of its reward say of examined crystals, in each form.
package struct AimMeasurer: Sendable {
    package let aims: RewardAims
    private let properties: PropertyStandard
    private let engine: ScoringEngine
    private let terms: TermMeasurer

    /// What is told of one form of a crystal.
    struct Told: Sendable {
        var predicted: [String: Double]
        var aims: [String: Double]
        var point: [Double]?
    }

    /// - Parameters:
    ///   - engine: By which crystals are examined.
    ///   - judges: Those of the run that this program can ask.
    /// - Throws: `PotentialError` where what a term needs cannot be opened.
    package init(
        aims: RewardAims, properties: PropertyStandard, engine: ScoringEngine, judges: [RunJudge] = []
    ) throws {
        self.aims = aims
        self.properties = properties
        self.engine = engine
        terms = try TermMeasurer(Set(aims.aims.flatMap(\.quantities)), engine: engine, judges: judges)
    }

    // MARK: What can be told

    /// What every form of a crystal has.
    private var quantities: Set<Measurement.Quantity> {
        let predicted = predictions.flatMap { Measurement.Quantity(rawValue: $0.name).predicted }
        return terms.quantities.union(predicted).union([
            .energyPerAtom, .energyAboveHull, .energyCorrection, .formationEnergyPerAtom, .hullEntries,
        ])
    }

    /// What tells of a relaxation.
    private static let ofRelaxation: Set<Measurement.Quantity> = [
        .initialEnergyPerAtom, .initialEnergyAboveHull, .relaxationSteps, .relaxationConverged,
        .relaxationDisplacement, .relaxationVolumeRatio,
    ]

    private func quantities(of form: EvaluatedCrystal.Form) -> Set<Measurement.Quantity> {
        form == .relaxed ? quantities.union(Self.ofRelaxation) : quantities
    }

    /// The aims that can be told of a form.
    func aims(of form: EvaluatedCrystal.Form) -> [RewardAims.Aim] {
        let known = quantities(of: form)
        return aims.aims.filter { $0.quantities.allSatisfy(known.contains) }
    }

    /// The axes of the front of a form; nil where there are none, or one cannot be told.
    func axes(of form: EvaluatedCrystal.Form) -> RewardAims.Axes? {
        aims.frontQuantities.allSatisfy(quantities(of: form).contains) ? aims.axes : nil
    }

    /// What terms are of and no evaluation measures: numbers of engines and judges that others bring; where crystals
    /// are not relaxed, also what tells of a relaxation.
    package func unmeasured(relaxes: Bool) -> [Measurement.Quantity] {
        let known = quantities(of: relaxes ? .relaxed : .asSampled)
        return Set(aims.aims.flatMap(\.quantities)).filter { !known.contains($0) }.sorted()
    }

    /// The quantities that are predicted, with their units.
    package var predictions: [(name: String, unit: String)] {
        properties.models.flatMap(\.predictions).map { ($0.name, $0.unit) }
    }

    /// What decides the predictions, in words: of a log.
    package var words: String {
        let models = properties.models.map { "\($0.predictions.map(\.name).joined(separator: " ")) \($0.digest)" }
        let terms = aims.aims.map { "\($0.name) \($0.unit ?? "")" } + (aims.axes.map { ["front \($0)"] } ?? [])
        let parts = ["properties \(models.joined(separator: " "))", "aims \(terms.joined(separator: " "))"]
        return (parts + (self.terms.words.map { [$0] } ?? [])).joined(separator: ", ")
    }

    // MARK: Measuring

    /// An evaluator of every model that one thread of a team uses at a time.
    private struct Owned: @unchecked Sendable {
        let evaluators: [any PropertyEvaluator]
        let terms: TermEvaluator

        func predict(_ structure: Structure) -> [Measurement.Quantity: Double] {
            var values: [Measurement.Quantity: Double] = [:]
            for evaluator in evaluators {
                // A model that cannot take the structure leaves its quantities out, as in a run.
                guard let predictions = try? evaluator.predict([structure]).first?.get() else { continue }
                for prediction in predictions where prediction.value.isFinite {
                    let quantity = Measurement.Quantity(rawValue: prediction.name)
                    values[quantity] = prediction.value
                    if let sigma = prediction.sigma, sigma.isFinite { values[quantity.sigma] = sigma }
                    if let isInDomain = prediction.isInDomain { values[quantity.isInDomain] = isInDomain ? 1 : 0 }
                }
            }
            return values
        }
    }

    private func makeOwned(_ count: Int) -> [Owned] {
        (0..<count).map { _ in
            Owned(evaluators: PropertySource.evaluators(of: properties.models), terms: terms.makeEvaluator())
        }
    }

    /// Both forms of each crystal that is one; nil for what is not.
    ///
    /// - Throws: ``JudgingError`` where a term cannot be told.
    func measure(
        _ examined: [CrystalExaminer.Examined], team: ThreadTeam
    ) throws -> [(asSampled: Told?, relaxed: Told?)] {
        let owned = makeOwned(team.threadCount)
        let results = team.map(examined) { item, thread in
            Result {
                let crystal = item.crystal
                guard crystal.invalid == nil else { return (Told?.none, Told?.none) }
                let relaxed = crystal.relaxed.map(\.state)
                return (
                    try crystal.asSampled.map { try tell(of: $0, item.sampledSites, crystal, [:], owned[thread]) },
                    // What left all bounds is no crystal any more.
                    try relaxed?.energyPerAtom == nil
                        ? nil
                        : relaxed.map {
                            try tell(of: $0, item.relaxedSites, crystal, crystal.relaxationQuantities, owned[thread])
                        }
                )
            }
        }
        return try results.map { try $0.get() }
    }

    private func tell(
        of state: EvaluatedCrystal.State, _ sites: Crystal?, _ crystal: EvaluatedCrystal,
        _ relaxation: [Measurement.Quantity: Double], _ owned: Owned
    ) throws -> Told {
        guard let structure = state.structure.structure else { return Told(predicted: [:], aims: [:]) }
        let predicted = owned.predict(structure)
        let measured = owned.terms.measure(structure)
            .merging(measured(state, crystal, structure)) { $1 }.merging(relaxation) { $1 }
        let measurement = Measurement(predicted.merging(measured) { first, _ in first })
        var told = Told(
            predicted: Dictionary(uniqueKeysWithValues: predicted.map { ($0.key.rawValue, $0.value) }), aims: [:])
        guard let sites = sites ?? (try? Crystal(structure: structure, symmetryTolerance: 0.01)) else { return told }
        let numbers = try aims.numbers(of: JudgedCrystal(sites, measurement))
        for (aim, number) in zip(aims.aims, numbers) { told.aims[aim.name] = number }
        told.point = aims.point(numbers, measurement)
        return told
    }

    private func measured(
        _ state: EvaluatedCrystal.State, _ crystal: EvaluatedCrystal, _ structure: Structure
    ) -> [Measurement.Quantity: Double] {
        var values: [Measurement.Quantity: Double] = [:]
        values[.energyPerAtom] = state.energyPerAtom
        values[.energyAboveHull] = state.energyAboveHull
        values[.energyCorrection] = engine.alignment.correctionPerAtom(of: structure)
        values[.hullEntries] = crystal.hullEntries.map(Double.init)
        let isAim = aims.aims.contains { $0.quantities.contains(.formationEnergyPerAtom) }
        if isAim, let height = state.energyAboveHull {
            values[.formationEnergyPerAtom] = formationEnergy(structure.composition, height: height)
        }
        return values
    }

    /// eV/atom
    private func formationEnergy(_ composition: Composition, height: Double) -> Double? {
        guard let diagram = try? engine.hull.phaseDiagram(of: composition.amounts.keys),
            let hullEnergy = try? diagram.hullEnergyPerAtom(of: composition)
        else { return nil }
        return try? diagram.formationEnergyPerAtom(of: composition, energyPerAtom: hullEnergy + height)
    }

    // MARK: Known crystals

    /// Of structures to compare with, the two numbers of the page's plane; nil for one without both. Heights are not
    /// taken.
    package func planePoints(
        of structures: [Structure], team: ThreadTeam
    ) -> [AimSection.Point?] {
        guard let plane = aims.plane else { return structures.map { _ in nil } }
        let owned = makeOwned(team.threadCount)
        return team.map(structures) { structure, thread in
            let predicted = owned[thread].predict(structure)
            guard let x = predicted[plane.x], let y = predicted[plane.y] else { return nil }
            return .init(formula: structure.composition.reducedFormula, x: x, y: y, isSound: true)
        }
    }
}

extension EvaluatedCrystal {
    /// What its relaxation tells, by the names that a run gives it.
    fileprivate var relaxationQuantities: [Measurement.Quantity: Double] {
        guard let relaxed else { return [:] }
        var values: [Measurement.Quantity: Double] = [
            .relaxationSteps: Double(relaxed.steps),
            .relaxationConverged: relaxed.isConverged ? 1 : 0,
            .relaxationDisplacement: relaxed.displacement, .relaxationVolumeRatio: relaxed.volumeRatio,
        ]
        values[.initialEnergyPerAtom] = asSampled?.energyPerAtom
        values[.initialEnergyAboveHull] = asSampled?.energyAboveHull
        return values
    }

    /// Notes what is told of both forms.
    mutating func tell(_ told: (asSampled: AimMeasurer.Told?, relaxed: AimMeasurer.Told?)) {
        func note(_ told: AimMeasurer.Told?, _ state: inout State) {
            guard let told else { return }
            (state.predicted, state.aims, state.point) = (told.predicted, told.aims, told.point)
        }
        if var state = asSampled {
            note(told.asSampled, &state)
            asSampled = state
        }
        if var form = relaxed {
            note(told.relaxed, &form.state)
            relaxed = form
        }
    }
}
