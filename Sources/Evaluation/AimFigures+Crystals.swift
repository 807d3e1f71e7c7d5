package import Report
internal import Rewards
internal import Trajectories

extension EvaluationFigures {
    /// Adds what is told of the aims of a run.
    ///
    /// - Parameter crystals: those that the figures are of.
    package mutating func tell(_ aims: AimMeasurer, of crystals: [EvaluatedCrystal]) {
        self.aims = AimFigures(aims, of: crystals, .asSampled, threshold)
        if crystals.contains(where: { $0.relaxed != nil }) {
            relaxedAims = AimFigures(aims, of: crystals, .relaxed, threshold)
        }
    }
}

extension AimFigures {
    fileprivate init(
        _ measurer: AimMeasurer, of crystals: [EvaluatedCrystal], _ form: EvaluatedCrystal.Form, _ threshold: Double
    ) {
        let states = crystals.compactMap { $0[form] }.filter { $0.predicted != nil }
        let names = Set(measurer.aims.aims.map(\.name))
        let terms = measurer.aims(of: form).map { aim in
            Number(
                aim.name, aim.unit, wantsLow: aim.wantsLow, aim.quantities, of: states, threshold
            ) { $0.aims?[aim.name] }
        }
        let properties = measurer.predictions.filter { !names.contains($0.name) }.map { name, unit in
            Number(
                name, unit, wantsLow: false, [Measurement.Quantity(rawValue: name)], of: states, threshold
            ) { $0.predicted?[name] }
        }
        let front = measurer.axes(of: form).map { axes in
            let needed = measurer.aims.frontQuantities
            let sound = states.filter { $0.isSound(needed, threshold) }.compactMap(\.point)
            let all = states.compactMap(\.point)
            return Front(
                axes: axes.names, reference: axes.reference, crystals: ParetoFront.undominated(all).count,
                hypervolume: ParetoFront.hypervolume(all, above: axes.reference),
                soundCrystals: ParetoFront.undominated(sound).count,
                soundHypervolume: ParetoFront.hypervolume(sound, above: axes.reference))
        }
        self.init(numbers: terms + properties, front: front)
    }
}

extension AimFigures.Number {
    fileprivate init(
        _ name: String, _ unit: String?, wantsLow: Bool, _ quantities: [Measurement.Quantity],
        of states: [EvaluatedCrystal.State], _ threshold: Double, number: (EvaluatedCrystal.State) -> Double?
    ) {
        let having = states.filter { number($0) != nil }
        let answers = having.compactMap { $0.isInDomain(quantities) }
        self.init(
            name: name, unit: unit, wantsLow: wantsLow,
            all: .init(having.compactMap(number), wantsLow: wantsLow),
            sound: .init(having.filter { $0.isSound(quantities, threshold) }.compactMap(number), wantsLow: wantsLow),
            inDomain: answers.isEmpty ? nil : .init(answers.count { $0 }, of: answers.count))
    }
}

extension RewardAims {
    /// Those that the axes of the front are made of.
    var frontQuantities: [Measurement.Quantity] {
        axes.map { $0.areValues ? aims.flatMap(\.quantities) : product?.quantities ?? [] } ?? []
    }
}

extension EvaluatedCrystal.State {
    /// Whether all models of some quantities know its like; nil where none can tell.
    func isInDomain(_ quantities: [Measurement.Quantity]) -> Bool? {
        let answers = quantities.compactMap { predicted?[($0.tellsDomain ? $0 : $0.isInDomain).rawValue] }
        return answers.isEmpty ? nil : answers.allSatisfy { $0 > 0.5 }
    }

    /// Whether it is stable and not outside of what the models have learned from.
    func isSound(_ quantities: [Measurement.Quantity], _ threshold: Double) -> Bool {
        (energyAboveHull ?? .infinity) <= threshold && isInDomain(quantities) ?? true
    }
}
