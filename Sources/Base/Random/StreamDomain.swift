/// What random numbers are for. It is part of a stream's name, so that two purposes never share numbers, whatever their
/// seeds and words.
package enum StreamDomain: UInt32, Sendable, CaseIterable {
    /// The first weights of a policy.
    case initialWeights = 1
    /// Crystals of a fine-tuning run.
    case runSampling = 2
    /// Crystals that the tools and benchmarks draw.
    case toolSampling = 3
    /// Crystals by which a policy is judged.
    case evaluation = 4
    /// The order of a data set in an epoch.
    case epochOrder = 5
    /// Made-up data of tests.
    case testing = 6
    /// Displacements of atoms before a relaxation.
    case displacement = 7
    /// Proposals and decisions of walks.
    case refinement = 8
    /// Folds and networks of property heads.
    case propertyHead = 12
}
