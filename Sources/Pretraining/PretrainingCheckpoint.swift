internal import Archive
internal import Base
internal import Configuration
package import Foundation
internal import Kernels
package import Policy
package import PolicyOptimization

/// Everything that training needs to go on: weights, optimiser, counters. One safetensors file, replaced as a whole.
package struct PretrainingCheckpoint: Sendable {
    package var weights: PolicyWeights
    package var optimiser: Adam
    package var step: Int
    package var bestValidationLoss: Double

    package init(weights: PolicyWeights, optimiser: Adam, step: Int, bestValidationLoss: Double) {
        self.weights = weights
        self.optimiser = optimiser
        self.step = step
        self.bestValidationLoss = bestValidationLoss
    }

    /// Writes the file under another name, then renames it, so that a kill or a power cut leaves the old one.
    package func write(to url: URL) throws {
        var file = try Safetensors(weights.encoded())
        file.metadata["druse.step"] = "\(step)"
        file.metadata["druse.best"] = "\(bestValidationLoss)"
        file.metadata["druse.adam_step"] = "\(optimiser.stepCount)"
        let count = optimiser.firstMoment.count
        file.tensors["optimiser/first_moment"] = .init(shape: [count], values: optimiser.firstMoment.array)
        file.tensors["optimiser/second_moment"] = .init(shape: [count], values: optimiser.secondMoment.array)
        try DurableFile.replace(url, with: file.encoded())
    }

    /// Reads the file.
    package init(contentsOf url: URL, settings: Adam.Settings) throws {
        let file = try Safetensors(contentsOf: url)
        weights = try PolicyWeights(file)
        guard let step = file.metadata["druse.step"].flatMap({ Int($0) }),
            let best = file.metadata["druse.best"].flatMap({ Double($0) }),
            let adamStep = file.metadata["druse.adam_step"].flatMap({ Int($0) }),
            let first = file.tensors["optimiser/first_moment"], let second = file.tensors["optimiser/second_moment"],
            first.values.count == weights.layout.parameterCount, second.values.count == first.values.count
        else {
            throw ConfigurationError(
                source: url.path, problems: ["is not a pretraining checkpoint; start again without --resume"])
        }
        self.step = step
        bestValidationLoss = best
        optimiser = Adam(
            settings: settings, stepCount: adamStep, firstMoment: first.values, secondMoment: second.values)
    }
}
