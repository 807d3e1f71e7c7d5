/// The kinds of regression that a head may be.
package enum HeadKind: String, CaseIterable, Codable, Sendable {
    case ridge, kernel, network
}

/// Regressions of one kind that are fitted together, and differ in their penalty alone.
enum HeadFamily: Sendable, Equatable {
    /// On so many of the features.
    case ridge(inputs: Int)
    case kernel(inverseWidth: Double, weighting: CrystalFeatures.Weighting)
    case network(HeadNetworkRecipe)

    /// What is tried for so many rows.
    /// - Parameter kinds: those wanted; nil: all.
    static func all(rows: Int, kinds: Set<HeadKind>?) -> [HeadFamily] {
        // Many rows bear all features, and take long.
        let widths =
            rows > largestKernel ? [CrystalFeatures.count] : [CrystalFeatures.meanCount, CrystalFeatures.count]
        var families: [HeadFamily] = widths.map { .ridge(inputs: $0) }
        // The system of a kernel grows as the cube of the rows.
        if rows <= largestKernel {
            for weighting in CrystalFeatures.Weighting.allCases {
                families += [0.1, 0.2, 0.4].map { .kernel(inverseWidth: $0, weighting: weighting) }
            }
        }
        families += widths.map { .network(HeadNetworkRecipe(inputs: $0, rows: rows)) }
        return families.filter { kinds?.contains($0.kind) != false }
    }

    static let largestKernel = 2_000
    private static let ridgePenalties = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3]
    private static let kernelPenalties = [0.003, 0.006, 0.012, 0.025, 0.05, 0.1]

    var kind: HeadKind {
        switch self {
        case .ridge: .ridge
        case .kernel: .kernel
        case .network: .network
        }
    }

    /// The members of the family for people, in the order in which they are fitted.
    var labels: [String] {
        switch self {
        case .ridge(let inputs):
            Self.ridgePenalties.map { "ridge on \(inputs) features, penalty \($0) a row" }
        case .kernel(let inverseWidth, let weighting):
            Self.kernelPenalties.map {
                "Matérn 3/2 kernel on \(weighting.rawValue), 1/width² \(inverseWidth), penalty \($0)"
            }
        case .network(let recipe):
            [
                "\(recipe.members) networks of \(recipe.hidden) hidden units on \(recipe.inputs) features, "
                    + "\(recipe.epochs) epochs"
            ]
        }
    }

    /// What distances are needed, to all rows; nil for none.
    var weighting: CrystalFeatures.Weighting? {
        if case .kernel(_, let weighting) = self { weighting } else { nil }
    }

    /// All members fitted; nil where one could not be.
    /// - Parameters:
    ///   - rows: scaled.
    ///   - members: the places of those that are wanted; nil: of all.
    ///   - stream: of the random numbers.
    func fit(
        _ rows: [[Double]], _ targets: [Double], only member: Int? = nil, seed: UInt64, stream: UInt32
    ) -> [HeadRegressor?] {
        func wanted(_ penalties: [Double]) -> [Double] { member.map { [penalties[$0]] } ?? penalties }
        switch self {
        case .ridge(let inputs):
            return HeadRegressor.ridges(
                rows.map { Array($0.prefix(inputs)) }, targets,
                penalties: wanted(Self.ridgePenalties).map { $0 * Double(rows.count) })
        case .kernel(let inverseWidth, let weighting):
            return HeadRegressor.kernels(
                rows, targets, inverseWidth: inverseWidth, weighting: weighting, penalties: wanted(Self.kernelPenalties)
            )
        case .network(let recipe):
            let training = HeadNetworkTraining(recipe, rows: rows, targets: targets)
            let members = (0..<UInt32(recipe.members)).map { training.network(seed: seed, stream: (stream, $0)) }
            return [.networks(members)]
        }
    }
}

extension HeadNetworkRecipe {
    /// What does well for so many rows.
    init(inputs: Int, rows: Int) {
        let isLarge = rows > 3_000
        self.init(
            inputs: inputs, hidden: isLarge ? 128 : 64, dropout: isLarge ? 0.1 : 0.3, epochs: 30,
            batch: isLarge ? 128 : min(64, max(1, rows)), weightDecay: isLarge ? 0.1 : 1)
    }
}
