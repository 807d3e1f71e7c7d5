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
    var bestValidationLoss: Double
    /// Before the names of the optimiser's tensors in the file.
    private static let prefix = "optimiser/"

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
        file.tensors.merge(optimiser.tensors(prefix: Self.prefix)) { _, new in new }
        try DurableFile.replace(url, with: file.encoded())
    }

    /// Reads the file.
    package init(contentsOf url: URL, settings: Adam.Settings) throws {
        let file = try Safetensors(contentsOf: url)
        weights = try PolicyWeights(file)
        guard let step = file.metadata["druse.step"].flatMap({ Int($0) }),
            let best = file.metadata["druse.best"].flatMap({ Double($0) }),
            let adamStep = file.metadata["druse.adam_step"].flatMap({ Int($0) }),
            let optimiser = Adam(
                settings: settings, stepCount: adamStep, tensors: file.tensors, prefix: Self.prefix,
                parameterCount: weights.layout.parameterCount)
        else {
            throw ConfigurationError(
                source: url.path, problems: ["is not a pretraining checkpoint; start again without --resume"])
        }
        self.step = step
        bestValidationLoss = best
        self.optimiser = optimiser
    }
}
