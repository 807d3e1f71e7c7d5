internal import Foundation
internal import Kernels

/// How numbers of weights are written.
package enum WeightFormat: String, Sendable, Hashable, CaseIterable {
    case float32 = "f32"
    /// The upper half of a float32: its range, and 8 digits of two in place of 24.
    case bfloat16 = "bf16"
}

extension PolicyWeights {
    /// The weights as whoever reads them in a format has them: each number rounded to the nearest that the format has,
    /// ties to the even one.
    package func rounded(to format: WeightFormat) -> PolicyWeights {
        switch format {
        case .float32: self
        case .bfloat16:
            PolicyWeights(
                layout: layout,
                parameters: parameters.array.map { Float(bitPattern: UInt32($0.brainBits) << 16) }, metadata: metadata)
        }
    }
}

extension Float {
    /// The bits of the nearest bfloat16.
    ///
    /// - Precondition: It is finite; one beyond the largest bfloat16 becomes infinite.
    var brainBits: UInt16 {
        let bits = bitPattern
        return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
    }
}
