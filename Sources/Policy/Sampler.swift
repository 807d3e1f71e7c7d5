package import Base
package import Crystals
internal import Foundation
internal import Kernels
internal import Trajectories

/// Draws crystals from a policy with a key/value cache.
///
/// The crystals of one call go through the network in step. The numbers of a crystal come from its own generator, so
/// the same call gives the same crystals whoever makes it. One instance is one thread's.
package final class Sampler {
    private var weights: PolicyWeights
    private let configuration: PolicyConfiguration
    private let options: SamplingOptions
    private let network: IncrementalTransformer
    private let writer: TokenFeatures
    private let tables = SymmetryTables.shared
    private let capacity: Int
    /// Whether samples carry their log-probabilities: those of the outputs that they were drawn from, which agree with
    /// the likelihood's to rounding.
    package var recordsLogProbabilities = false
    private var heads: OutputHeads
    private let work: FloatBuffer
    /// The logits of the draw at hand, then its probabilities.
    private var categories: [Double] = []
    private var firstInputs = ScratchBuffer()
    private var firstHidden = ScratchBuffer()
    private var firstOutputs = ScratchBuffer()

    /// - Parameter capacity: the most crystals of one call.
    package init(weights: PolicyWeights, options: SamplingOptions = SamplingOptions(), capacity: Int) {
        self.weights = weights
        configuration = weights.configuration
        self.options = options
        self.capacity = capacity
        network = IncrementalTransformer(weights: weights, sequences: capacity)
        writer = TokenFeatures(configuration: weights.configuration)
        heads = OutputHeads(weights.configuration)
        work = FloatBuffer(count: weights.configuration.atomTypes)
    }

    /// Takes other weights into use; the caches, which are most of what a sampler costs, are kept.
    ///
    /// - Precondition: the weights have the sizes of those before.
    package func use(_ weights: PolicyWeights) {
        precondition(weights.configuration == configuration, "weights of other sizes need a sampler of their own")
        self.weights = weights
        network.weights = weights
    }

    /// A crystal in the making.
    private struct Draft {
        let group: SpaceGroup
        var generator: Philox
        var sites: [(wyckoff: Int, atom: Int, position: SIMD3<Double>)] = []
        var atomCount = 0
        var lattice: [Double] = []
        var isTerminated = false
        /// Whether the network's outputs were numbers so far.
        var isFinite = true
        /// Of what was drawn so far; stays zero unless it is asked for.
        var logProbability = LogProbabilities.zero
    }

    /// Draws one crystal for each space group.
    ///
    /// - Parameter generators: the random numbers of each crystal.
    /// - Throws: ``PolicyError/outputsNotFinite`` if the weights give no probabilities.
    /// - Precondition: as many generators as groups, and no more than the capacity.
    package func sample(_ groups: [SpaceGroup], generators: [Philox]) throws(PolicyError) -> [Sample] {
        precondition(groups.count == generators.count && groups.count <= capacity)
        var drafts = zip(groups, generators).map { Draft(group: $0, generator: $1) }
        var active = Array(drafts.indices)
        network.end(0..<capacity)
        for site in 0..<configuration.maximumSites where !active.isEmpty {
            let firsts = site == 0 ? firstLogits(groups) : nil
            for (row, index) in active.enumerated() {
                let logits =
                    firsts?.view(row * configuration.wyckoffTypes, configuration.wyckoffTypes) ?? outputRow(row)
                drawWyckoff(&drafts[index], logits: logits)
            }
            stepWyckoff(drafts, active, site: site)
            // Those that ended read their lattice here and leave; rows of the output stay those of `active` until then.
            let isLast = site + 1 == configuration.maximumSites
            for (row, index) in active.enumerated() {
                if drafts[index].isTerminated || isLast { drawLattice(&drafts[index], row: outputRow(row)) }
                if !drafts[index].isTerminated { drawAtom(&drafts[index], row: outputRow(row)) }
            }
            network.end(active.lazy.filter { drafts[$0].isTerminated })
            active.removeAll { drafts[$0].isTerminated }
            if active.isEmpty { break }
            stepAtom(drafts, active, site: site)
            for axis in 0..<3 {
                for (row, index) in active.enumerated() {
                    drawCoordinate(&drafts[index], axis: axis, row: outputRow(row))
                }
                if isLast && axis == 2 { break }
                stepCoordinate(drafts, active, site: site, axis: axis)
            }
        }
        guard drafts.allSatisfy(\.isFinite) else { throw .outputsNotFinite }
        return drafts.map(finished)
    }

    private func outputRow(_ row: Int) -> FloatView {
        network.output.view(row * configuration.outputSize, configuration.outputSize)
    }

    private func finished(_ draft: Draft) -> Sample {
        let lattice = PackedBatch.denormalised(draft.lattice, atomCount: draft.atomCount)
        let sites = draft.sites.compactMap { site in
            Element(atomicNumber: site.atom).map {
                Crystal.Site(wyckoff: site.wyckoff, element: $0, position: site.position)
            }
        }
        let crystal = Crystal(spaceGroup: draft.group, sites: sites, lattice: draft.group.symmetrize(lattice))
        return Sample(
            crystal: crystal, isTerminated: draft.isTerminated,
            logProbability: recordsLogProbabilities ? draft.logProbability : nil)
    }

    // MARK: Network steps

    private func firstLogits(_ groups: [SpaceGroup]) -> FloatView {
        let c = configuration
        let inputs = firstInputs.mutableView(groups.count * c.embeddingSize)
        let hidden = firstHidden.mutableView(groups.count * c.firstHiddenSize)
        let logits = firstOutputs.mutableView(groups.count * c.wyckoffTypes)
        for (row, group) in groups.enumerated() {
            inputs.mutableView(row * c.embeddingSize, c.embeddingSize).copy(from: weights.groupEmbedding(group.number))
        }
        let (first, second) = (weights.layout.firstHidden, weights.layout.firstOutput)
        Linear(inputs: c.embeddingSize, outputs: c.firstHiddenSize).forward(
            inputs.view, weight: weights.view(first.weight), bias: weights.view(first.bias), into: hidden,
            rows: groups.count)
        VectorMath.gelu(hidden.view, into: hidden)
        Linear(inputs: c.firstHiddenSize, outputs: c.wyckoffTypes).forward(
            hidden.view, weight: weights.view(second.weight), bias: weights.view(second.bias), into: logits,
            rows: groups.count)
        return logits.view
    }

    private func featureRow(_ row: Int, _ kind: TokenKind) -> MutableFloatView {
        network.features.mutableView(row * writer.width(kind), writer.width(kind))
    }

    private func stepWyckoff(_ drafts: [Draft], _ active: [Int], site: Int) {
        for (row, index) in active.enumerated() {
            let draft = drafts[index]
            let wyckoff = draft.isTerminated ? 0 : draft.sites[site].wyckoff
            writer.writeWyckoff(
                group: draft.group.number, wyckoff: wyckoff,
                multiplicity: tables.multiplicity(group: draft.group.number, wyckoff: wyckoff), weights: weights,
                into: featureRow(row, .wyckoff))
        }
        network.step(kind: .wyckoff, sequences: active, position: 5 * site)
    }

    private func stepAtom(_ drafts: [Draft], _ active: [Int], site: Int) {
        for (row, index) in active.enumerated() {
            writer.writeAtom(
                group: drafts[index].group.number, atom: drafts[index].sites[site].atom, weights: weights,
                into: featureRow(row, .atom))
        }
        network.step(kind: .atom, sequences: active, position: 5 * site + 1)
    }

    private func stepCoordinate(_ drafts: [Draft], _ active: [Int], site: Int, axis: Int) {
        let kind: TokenKind = axis == 0 ? .x : axis == 1 ? .y : .z
        for (row, index) in active.enumerated() {
            writer.writeCoordinate(
                group: drafts[index].group.number, value: drafts[index].sites[site].position[axis], weights: weights,
                into: featureRow(row, kind))
        }
        network.step(kind: kind, sequences: active, position: 5 * site + 2 + axis)
    }

    // MARK: Draws

    /// Draws one of some categories.
    ///
    /// - Parameter logit: of each category; -infinity for what is not allowed.
    private func draw(_ count: Int, _ draft: inout Draft, logit: (Int) -> Double) -> Int? {
        categories.removeAll(keepingCapacity: true)
        for index in 0..<count {
            let value = logit(index)
            if value.isNaN || value == .infinity { draft.isFinite = false }
            categories.append(value)
        }
        CategoricalDistribution.normalise(&categories, topP: options.topP, temperature: options.temperature)
        return draft.generator.index(probabilities: categories)
    }

    /// Draws the next Wyckoff position, or the end.
    private func drawWyckoff(_ draft: inout Draft, logits row: FloatView) {
        let group = draft.group.number
        let allowed =
            draft.sites.last.map {
                OutputHeads.Allowed.after(
                    $0.wyckoff, group: group, mayEnd: options.constraint.mayEnd(after: draft.sites.lazy.map(\.atom)),
                    tables: tables)
            }
            ?? OutputHeads.Allowed.first(group: group, tables: tables)
        let drawn = draw(configuration.wyckoffTypes, &draft) { allowed.contains($0) ? Double(row[$0]) : -.infinity }
        // Weights that are not finite end the sequence, so that the call ends soon, with its error.
        let wyckoff = drawn ?? (draft.sites.isEmpty ? 1 : 0)
        if wyckoff == 0 {
            draft.isTerminated = true
        } else {
            draft.sites.append((wyckoff, 1, .zero))
            draft.atomCount += tables.multiplicity(group: group, wyckoff: wyckoff)
        }
        if recordsLogProbabilities {
            draft.logProbability.w += heads.wyckoffLogProbability(
                of: wyckoff, logits: row, allowed: allowed, derivative: nil)
        }
    }

    private func drawAtom(_ draft: inout Draft, row: FloatView) {
        let constraint = options.constraint
        let drawn = draw(configuration.atomTypes, &draft) { atom in
            atom > 0 && constraint.allows(atomicNumber: atom) ? Double(row[atom]) : -.infinity
        }
        let atom = drawn ?? 1
        draft.sites[draft.sites.count - 1].atom = atom
        if recordsLogProbabilities {
            draft.logProbability.a += heads.atomLogProbability(
                of: atom, row: row, constraint: constraint, derivative: nil, work: work.mutableView)
        }
    }

    /// Draws a coordinate if it is free, and takes what the Wyckoff position makes of it.
    private func drawCoordinate(_ draft: inout Draft, axis: Int, row: FloatView) {
        let last = draft.sites.count - 1
        let wyckoff = draft.sites[last].wyckoff
        var raw = draft.sites[last].position
        let isFree = tables.isFree(group: draft.group.number, wyckoff: wyckoff, axis: axis)
        if isFree {
            let count = configuration.coordinateComponents
            let component = draw(count, &draft) { Double(row[$0]) } ?? 0
            let concentration = softplus(Double(row[2 * count + component])) / options.temperature
            let angle = draft.generator.vonMises(concentration: concentration) ?? .nan
            let turns = (Double(row[count + component]) + angle) / (2 * .pi) + 0.5
            raw[axis] = turns - turns.rounded(.down)
            if !raw[axis].isFinite { draft.isFinite = false }
        }
        guard let position = draft.group.position(wyckoff: wyckoff) else { return }
        draft.sites[last].position[axis] = position.project(raw)[axis]
        if recordsLogProbabilities && isFree {
            draft.logProbability.xyz += heads.coordinateLogProbability(
                of: draft.sites[last].position[axis], row: row, derivative: nil)
        }
    }

    /// Draws one component for all six parameters, then each from its Gaussian, as the reference's sampler.
    private func drawLattice(_ draft: inout Draft, row output: FloatView) {
        let count = configuration.latticeComponents
        let row = output.view(configuration.atomTypes, configuration.latticeOutputs)
        let component = draw(count, &draft) { Double(row[$0]) } ?? 0
        draft.lattice = (0..<6).map { j in
            let mean = Double(row[count + 6 * component + j])
            let sigma = softplus(Double(row[7 * count + 6 * component + j])) + configuration.minimumSigma
            return mean + sigma * options.temperature.squareRoot() * draft.generator.normal()
        }
        if !draft.lattice.allSatisfy(\.isFinite) { draft.isFinite = false }
        if recordsLogProbabilities {
            let lattice = draft.group.symmetrize(PackedBatch.denormalised(draft.lattice, atomCount: draft.atomCount))
            let group = draft.group.number
            draft.logProbability.l = heads.latticeLogProbability(
                of: PackedBatch.normalised(lattice, atomCount: draft.atomCount), row: row, derivative: nil,
                isFree: { tables.isLatticeParameterFree(group: group, index: $0) })
        }
    }
}
