package import Base
internal import Kernels

// The moments in checkpoints.
extension Adam {
    private static let names = ["first_moment", "second_moment"]

    /// The moments as tensors of one row each.
    ///
    /// - Parameter prefix: Before their names.
    package func tensors(prefix: String = "") -> [String: Safetensors.Tensor] {
        let moments = zip(Self.names, [firstMoment, secondMoment])
        return Dictionary(
            uniqueKeysWithValues: moments.map {
                (prefix + $0, Safetensors.Tensor(shape: [$1.count], values: $1.array))
            })
    }

    /// Goes on from the moments of a file; nil if they are not there, or not those of as many parameters.
    package init?(
        settings: Settings, stepCount: Int, tensors: [String: Safetensors.Tensor], prefix: String = "",
        parameterCount: Int
    ) {
        let moments = Self.names.compactMap { tensors[prefix + $0]?.values }
        guard moments.count == 2, moments.allSatisfy({ $0.count == parameterCount }) else { return nil }
        self.init(settings: settings, stepCount: stepCount, firstMoment: moments[0], secondMoment: moments[1])
    }
}
