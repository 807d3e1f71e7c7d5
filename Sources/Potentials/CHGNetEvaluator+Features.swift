package import Crystals
internal import Foundation
internal import Kernels

/// What the network knows of a crystal before it is narrowed to an energy.
extension CHGNetEvaluator {
    /// The features of each structure, or why there are none, in their order; laid out as ``CrystalFeatures`` says.
    ///
    /// One forward pass without gradients. A result depends on its structure alone.
    package func features(of structures: [Structure]) -> [Result<[Double], PotentialError>] {
        structures.map { structure in
            Result { () throws(PotentialError) in try features(of: structure) }
        }
    }

    private func features(of structure: Structure) throws(PotentialError) -> [Double] {
        try requireKnownElements(structure)
        let graph = quotient(try makeGraph(of: structure), structure.elements, forGradient: false)
        let elements = graph.representatives.map { structure.elements[$0] }
        defer { releaseLargeScratchBuffers() }
        let shares = Self.shares(graph.atomClasses, count: graph.atomCount)
        var means: [Double] = []
        var deviations: [Double] = []
        let moments = run(elements, graph, .magneticMoments) { () in
            let pooled = pooled(atoms, shares)
            means += pooled.means
            deviations += pooled.deviations
        }
        let energies = readOut(elements)
        let magnetism = Pool(moments ?? [Double](repeating: 0, count: graph.atomCount), shares)
        let bondPool = pooled(bonds, Self.shares(graph.bondClasses, count: graph.bondCount))
        var features = means
        features.append(log(structure.cell.volume / Double(structure.atomCount)))
        features += [Pool(energies, shares).mean, magnetism.mean, magnetism.largest, magnetism.deviation]
        for quantity in CrystalFeatures.quantities {
            let pool = Pool(elements.map(quantity), shares)
            features += [pool.mean, pool.deviation, pool.smallest, pool.largest]
        }
        features += bondPool.means + bondPool.deviations + deviations
        guard features.allSatisfy(\.isFinite), features.count == CrystalFeatures.count else {
            throw .notFinite(potential: model.name)
        }
        return features
    }

    /// The share of each class; they add up to 1.
    private static func shares(_ classes: [Int], count: Int) -> [Double] {
        var sizes = [Double](repeating: 0, count: count)
        for each in classes { sizes[each] += 1 }
        return sizes.map { $0 / Double(max(1, classes.count)) }
    }

    /// The means and the standard deviations of the features of atoms or bonds over the crystal; 0 where there are
    /// none.
    /// - Parameter shares: of each class.
    private func pooled(_ features: ScratchBuffer, _ shares: [Double]) -> (means: [Double], deviations: [Double]) {
        let values = features.view(shares.count * width).array
        let pools = (0..<width).map { k in Pool(shares.indices.map { Double(values[$0 * width + k]) }, shares) }
        return (pools.map(\.mean), pools.map(\.deviation))
    }

    /// A quantity over the crystal.
    private struct Pool {
        let mean: Double
        let deviation: Double
        let smallest: Double
        let largest: Double

        /// - Parameter shares: of the values; they add up to 1.
        init(_ values: [Double], _ shares: [Double]) {
            let mean = zip(shares, values).reduce(0) { $0 + $1.0 * $1.1 }
            self.mean = mean
            deviation = zip(shares, values).reduce(0) { $0 + $1.0 * ($1.1 - mean) * ($1.1 - mean) }.squareRoot()
            smallest = values.min() ?? 0
            largest = values.max() ?? 0
        }
    }
}

/// The layout of the features that heads read.
///
/// Of the atoms' features after each of the four convolutions, the means over the crystal; ln of the volume an atom
/// (Å³), energy (eV/atom), mean, largest and standard deviation of the magnetic moments (μB); of electronegativity,
/// period, group, ln of the atomic number and covalent radius of the elements, mean, standard deviation, smallest and
/// largest; of the bonds' features after the last convolution, means and standard deviations over the bonds within the
/// cutoff; then the standard deviations of the atoms' features.
package enum CrystalFeatures {
    /// The name of the layout in files of heads.
    static let layout = "chgnet-pooled-1"
    private static let convolutions = 4
    private static let width = 64

    /// Of elements.
    static let quantities: [@Sendable (Element) -> Double] = [
        { $0.electronegativity ?? 0 }, { Double(place(of: $0).period) }, { Double(place(of: $0).group) },
        { log(Double($0.atomicNumber)) }, { $0.covalentRadius },
    ]

    private static let atomMeans = 0..<convolutions * width
    private static let plain = atomMeans.upperBound..<atomMeans.upperBound + 5
    private static let elements = plain.upperBound..<plain.upperBound + 4 * 5
    private static let bondMeans = elements.upperBound..<elements.upperBound + width
    private static let bondDeviations = bondMeans.upperBound..<bondMeans.upperBound + width
    private static let atomDeviations = bondDeviations.upperBound..<bondDeviations.upperBound + convolutions * width

    /// Where ln of the volume an atom stands.
    static let logarithmicVolume = plain.lowerBound
    /// All but the standard deviations of the network's features, which come last.
    static let meanCount = bondMeans.upperBound
    /// All features.
    package static let count = atomDeviations.upperBound

    /// How much features count in distances between crystals.
    package enum Weighting: String, CaseIterable, Codable, Sendable {
        /// The means of atoms' features above all.
        case means
        /// The spread of bonds' features as well.
        case bonds

        /// Factors of scaled features, whose squares add up to 1.
        var factors: [Double] {
            var blocks: [(Range<Int>, Double)] = [
                (width..<convolutions * width, 3), (plain, 0.3), (elements, 0.5), (bondMeans, 0.5),
                (atomDeviations, 0.3),
            ]
            if self == .bonds { blocks.append((bondDeviations, 0.5)) }
            let sum = blocks.reduce(0) { $0 + $1.1 }
            var factors = [Double](repeating: 0, count: CrystalFeatures.count)
            for (block, weight) in blocks {
                for k in block { factors[k] = (weight / sum / Double(block.count)).squareRoot() }
            }
            return factors
        }
    }

    /// Period and group; 3 for the elements between alkaline earths and group 4 of the long periods.
    private static func place(of element: Element) -> (period: Int, group: Int) {
        let noble = [0, 2, 10, 18, 36, 54, 86, 118]
        let number = element.atomicNumber
        let period = noble.firstIndex { number <= $0 } ?? 7
        let place = number - noble[period - 1]
        let length = noble[period] - noble[period - 1]
        // Counted from the left, where the first two groups are, or from the right.
        if place <= (period == 1 ? 1 : 2) { return (period, place) }
        return (period, max(3, 18 - (length - place)))
    }
}
