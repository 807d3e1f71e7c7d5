package import Crystals
package import Engines
internal import Potentials
package import Rewards
package import Trajectories

/// Measures and judges crystals as a run would, one by one and without a run: so a reward can be tried before. Of the
/// run's judges those measure whose numbers a term names.
package struct RewardTrial {
    private let measurer: any CrystalMeasurer
    private let judges: [(name: String, measurer: any CrystalMeasurer)]
    /// Has judged nothing; a copy of it judges each crystal.
    private let judge: RewardJudge

    /// - Parameter factory: makes the measurer; several trials of one share potential and hull.
    /// - Throws: ``ModelError``, ``RoleError`` or ``JudgingError`` where potential, hull or what a term needs cannot be
    ///   opened here.
    package init(_ run: RunConfiguration, factory: EngineMeasurerFactory = EngineMeasurerFactory()) throws {
        // An engine of others is not here, whoever asks for it.
        if PotentialName(run.potential).externalName != nil { _ = try PotentialSource.load(run.potential) }
        measurer = try factory.makeMeasurer(PeerSettings.text(run.localRecipe()))
        judges = try run.judgesOfTerms.map { judge in
            if PotentialName(judge.potential).externalName != nil { _ = try PotentialSource.load(judge.potential) }
            return (judge.name, try factory.makeMeasurer(PeerSettings.text(run.localRecipe(of: judge))))
        }
        judge = try RewardJudge(run.reward)
    }

    /// What a run measures of crystals, and what it gives for each as the only one of its batch.
    ///
    /// - Throws: ``JudgingError`` for a term whose quantity was not measured of one of them.
    package func judge(_ crystals: [Crystal]) throws -> [(outcome: Outcome, verdict: Verdict)] {
        try verdicts(of: crystals).map { ($0.outcome, try $0.verdict.get()) }
    }

    /// The same, where a crystal without a term's quantity does not stop the others.
    package func verdicts(
        of crystals: [Crystal]
    ) throws -> [(outcome: Outcome, verdict: Result<Verdict, JudgingError>)] {
        let items = crystals.enumerated().map {
            WorkItem(job: 0, index: $0, crystal: $1, isTerminated: true)
        }
        return try zip(crystals, outcomes(of: items)).map { crystal, outcome in
            var judge = judge
            let verdict = Result { () throws(JudgingError) in
                try judge.judge([(crystal, outcome)]).verdicts[0]
            }
            return (outcome, verdict)
        }
    }

    /// What comes of each item, with the judges' numbers of those that are measured.
    private func outcomes(of items: [WorkItem]) throws -> [Outcome] {
        var outcomes = try measurer.measure(items).map(\.outcome)
        for judge in judges {
            let places = outcomes.indices.filter { if case .measured = outcomes[$0] { true } else { false } }
            for (place, result) in zip(places, try judge.measurer.measure(places.map { items[$0] })) {
                guard case .measured(let own) = outcomes[place], case .measured(let judged) = result.outcome else {
                    continue
                }
                outcomes[place] = .measured(own.adding(judged, by: judge.name))
            }
        }
        return outcomes
    }
}

extension RunConfiguration {
    /// How crystals are measured here, with the models where the configuration says that they are.
    ///
    /// - Throws: ``ModelError`` or ``ConfigurationError`` for what cannot be opened.
    func localRecipe() throws -> Recipe {
        let standard = try standard()
        var recipe = Recipe(
            limits: reward.limits, potential: potential, potentialDigest: standard.potentialDigest, hull: hull,
            hullDigest: standard.hullDigest)
        recipe.relaxation = reward.relax
        recipe.correction = standard.correction
        recipe.uncertaintyShare = reward.measuredUncertaintyShare
        recipe.wantsForces = reward.needsForces
        recipe.properties = zip(properties, try propertyStandard().models).map { text, model in
            let name = PropertyName(text)
            return RecipeProperty(name: name.place, digest: model.digest, quantities: name.quantities)
        }
        return recipe
    }

    /// How a judge measures crystals here.
    ///
    /// - Throws: ``ModelError`` for what cannot be opened.
    func localRecipe(of judge: JudgeConfiguration) throws(ModelError) -> Recipe {
        let standard = try MeasuringStandard(potential: judge.potential, hull: judge.hull)
        var recipe = Recipe(
            limits: reward.limits, potential: judge.potential, potentialDigest: standard.potentialDigest,
            hull: judge.hull, hullDigest: standard.hullDigest)
        recipe.relaxation = reward.relax
        recipe.correction = standard.correction
        recipe.judge = judge.name
        return recipe
    }

    /// The judges whose numbers the reward's terms name.
    var judgesOfTerms: [JudgeConfiguration] {
        judges.filter { judge in
            reward.neededQuantities.contains { $0.rawValue.hasPrefix("\(judge.name)_") }
        }
    }
}
