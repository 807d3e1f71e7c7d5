package import Crystals
package import Potentials
package import Stability
package import Trajectories

/// Measures crystals: whether they are valid, their energy and its height above the convex hull; unrelaxed, as arXiv
/// 2504.02367 does, or relaxed. What that is worth is not decided here.
///
/// Every crystal ends in an outcome; nothing throws. Thread rule: one owner, as for its evaluator; the hull may be
/// shared.
package final class StabilityMeasurer: CrystalMeasurer {
    private let limits: ValidityLimits
    private let evaluator: any PotentialEvaluator
    private let hull: HullReference?
    private let committee: CommitteeEvaluator?
    private let uncertaintyShare: Double
    private let relaxation: RelaxationSettings?
    /// How the evaluator's energies stand to those of the hull.
    package var alignment = EnergyAlignment.asTheyAre
    /// What predicts further numbers of crystals, in the order in which a name is taken.
    package var properties: [any PropertyEvaluator] = []
    /// Whether forces and stress are measured.
    package var measuresForces = false
    private let clock = ContinuousClock()

    /// - Parameters:
    ///   - hull: what heights are taken above; nil: none are measured.
    ///   - relaxation: whether crystals are relaxed first.
    ///   - committee: what tells the uncertainty of crystals; nil: only the potential itself may tell it.
    ///   - uncertaintyShare: the share of the items whose uncertainty is asked of the committee.
    package init(
        evaluator: any PotentialEvaluator, hull: HullReference?, limits: ValidityLimits,
        relaxation: RelaxationRule = RelaxationRule(), committee: CommitteeEvaluator? = nil,
        uncertaintyShare: Double = 0
    ) {
        self.relaxation = relaxation.settings
        self.evaluator = evaluator
        self.hull = hull
        self.committee = committee
        self.uncertaintyShare = uncertaintyShare
        self.limits = limits
    }

    /// A crystal that is worth its energy.
    private struct Prepared {
        var structure: Structure
        /// eV/atom; nil without a hull.
        let hullEnergy: Double?
        /// The hull of its chemical system; nil without a hull.
        let diagram: PhaseDiagram?
        /// What its relaxation tells, if there was one.
        var values: [Measurement.Quantity: Double] = [:]
        var relaxed: RelaxedGeometry?
    }

    /// Measures one crystal.
    ///
    /// - Parameter isTerminated: whether the policy ended the crystal itself rather than ran out of sites.
    package func measure(_ crystal: Crystal, isTerminated: Bool = true) -> MeasuringResult {
        // invariant: as many results as items.
        measure([WorkItem(job: 0, index: 0, crystal: crystal, isTerminated: isTerminated)])[0]
    }

    /// Measures crystals, in their order; the potential and the models of properties see those that are valid and have
    /// a reference as one batch.
    package func measure(_ items: [WorkItem]) -> [MeasuringResult] {
        var seconds = items.map { _ in 0.0 }
        let prepared = items.indices.map { index in
            timed(&seconds[index]) { Result { () throws(Rejection) in try prepare(items[index]) } }
        }
        let structures = prepared.compactMap { try? $0.get().structure }
        var batchSeconds = 0.0
        var answers = timed(&batchSeconds) { evaluator.evaluate(structures, asked) }[...]
        var predictions = timed(&batchSeconds) { self.predictions(of: structures) }[...]
        let atoms = structures.reduce(0) { $0 + $1.atomCount }
        return items.indices.map { index in
            do throws(Rejection) {
                let item = try prepared[index].get()
                let predicted = predictions.popFirst() ?? [:]
                // The time of a batch is shared out by atoms.
                seconds[index] += batchSeconds * Double(item.structure.atomCount) / Double(max(1, atoms))
                var values = try values(of: item, answers.popFirst())
                if let committee, wantsUncertainty(items[index]), values[.uncertainty] == nil {
                    values[.uncertainty] = timed(&seconds[index]) { committee.spread(of: [item.structure])[0] }
                }
                // What was measured stays, whatever is predicted.
                values.merge(predicted) { measured, _ in measured }
                let measurement = Measurement(values, relaxed: item.relaxed)
                return MeasuringResult(outcome: .measured(measurement), seconds: seconds[index])
            } catch {
                return MeasuringResult(outcome: error.outcome, seconds: seconds[index])
            }
        }
    }

    /// Whether the committee is asked: of evenly spread items, the same whoever measures them.
    private func wantsUncertainty(_ item: WorkItem) -> Bool {
        (Double(item.index + 1) * uncertaintyShare).rounded(.down)
            > (Double(item.index) * uncertaintyShare).rounded(.down)
    }

    private func prepare(_ item: WorkItem) throws(Rejection) -> Prepared {
        guard case .crystal(let crystal, let isTerminated) = item.form else {
            throw .failed(.engine("a run measures crystals with their sites, not bare atoms"))
        }
        guard isTerminated else { throw .invalid(.unterminated) }
        let structure = try limits.structure(of: crystal)
        // The hull first: without reference there is no use in the energy, which costs more.
        let prepared = try prepare(structure)
        guard let relaxation else { return prepared }
        return try relax(prepared, crystal, relaxation)
    }

    private func prepare(_ structure: Structure) throws(Rejection) -> Prepared {
        guard let hull else { return Prepared(structure: structure, hullEnergy: nil, diagram: nil) }
        let composition = structure.composition
        do throws(HullError) {
            let diagram = try hull.phaseDiagram(of: composition.amounts.keys)
            return Prepared(
                structure: structure, hullEnergy: try diagram.hullEnergyPerAtom(of: composition), diagram: diagram)
        } catch { throw Rejection(error) }
    }

    /// The crystal where its relaxation ended, which is what is measured.
    private func relax(
        _ item: Prepared, _ crystal: Crystal, _ settings: RelaxationSettings
    ) throws(Rejection) -> Prepared {
        let relaxation: Relaxation
        // invariant: a result for each input.
        do throws(RelaxationError) {
            relaxation = try settings.relax([.crystal(crystal)], with: evaluator)[0].get()
        } catch { throw Rejection(error) }
        switch relaxation.end {
        case .exploded: throw .invalid(.relaxationExploded)
        case .collapsed, .crowded: throw .invalid(.relaxationCollapsed)
        case .converged, .steps, .stalled, .failed: break
        }
        guard let final = relaxation.finalCrystal else { throw .failed(.engine("the relaxation lost the space group")) }
        var relaxed = item
        relaxed.structure = try limits.structure(of: final)
        relaxed.relaxed = RelaxedGeometry(of: final)
        relaxed.values = [
            .initialEnergyPerAtom: relaxation.initialEnergyPerAtom, .relaxationSteps: Double(relaxation.steps),
            .relaxationConverged: relaxation.end == .converged ? 1 : 0,
            .relaxationDisplacement: relaxation.displacement, .relaxationVolumeRatio: relaxation.volumeRatio,
        ]
        if let hullEnergy = item.hullEnergy {
            let correction = alignment.correctionPerAtom(of: item.structure) ?? 0
            relaxed.values[.initialEnergyAboveHull] = relaxation.initialEnergyPerAtom + correction - hullEnergy
        }
        return relaxed
    }

    private func values(
        of item: Prepared, _ answer: Result<PotentialEvaluation, PotentialError>?
    ) throws(Rejection) -> [Measurement.Quantity: Double] {
        guard let answer else { throw .failed(.engine("the potential gave no answer")) }
        let evaluation: PotentialEvaluation
        do throws(PotentialError) { evaluation = try answer.get() } catch { throw Rejection(error) }
        let energy = evaluation.energyPerAtom
        guard energy.isFinite else { throw .failed(.engine("the potential gave no finite energy")) }
        var values = item.values
        values[.energyPerAtom] = energy
        values[.energyCorrection] = alignment.correctionPerAtom(of: item.structure)
        if let hullEnergy = item.hullEnergy {
            values[.energyAboveHull] = energy + (values[.energyCorrection] ?? 0) - hullEnergy
        }
        if let diagram = item.diagram {
            values[.hullEntries] = Double(diagram.compoundCount)
            values[.formationEnergyPerAtom] = try? diagram.formationEnergyPerAtom(
                of: item.structure.composition, energyPerAtom: energy + (values[.energyCorrection] ?? 0))
        }
        if measuresForces { values.merge(evaluation.forceQuantities) { measured, _ in measured } }
        for (name, value) in evaluation.quantities {
            let quantity = Measurement.Quantity(rawValue: name)
            // An energy and a height stay those that the hull was held against.
            if values[quantity] == nil { values[quantity] = value }
        }
        return values
    }

    private func timed<Value>(_ seconds: inout Double, _ work: () -> Value) -> Value {
        let start = clock.now
        defer { seconds += (clock.now - start) / .seconds(1) }
        return work()
    }
}
