import Base
import Foundation
import Kernels
import Policy
import PolicyFixtures
import Testing

/// Weights in halves of the size.
@Suite struct WeightFormatTests {
    @Test func rounding_isToTheNearestAndTiesToTheEven() throws {
        let weights = try Fixture.weights("tiny")
        let count = weights.layout.parameterCount
        // 1 + k / 256 has one digit more than there are: halfway between two neighbours where k is odd.
        let cases: [(Float, Float)] = [
            (1, 1), (-2.5, -2.5), (0, 0), (1 + 1 / 256, 1), (1 + 3 / 256, 1 + 4 / 256), (-1 - 1 / 256, -1),
            (1 + 1.01 / 256, 1 + 2 / 256), (1 + 0.99 / 256, 1), (1e-30, Float(bitPattern: 0x0da2_0000)),
        ]
        var parameters = [Float](repeating: 0, count: count)
        for (index, item) in cases.enumerated() { parameters[index] = item.0 }
        let rounded = PolicyWeights(layout: weights.layout, parameters: parameters).rounded(to: .bfloat16)
        for (index, item) in cases.enumerated() { #expect(rounded.parameters.array[index] == item.1, "\(item)") }
        #expect(rounded.rounded(to: .bfloat16).parameters.array == rounded.parameters.array)
        #expect(weights.rounded(to: .float32).parameters.array == weights.parameters.array)
    }

    /// What is read is what the rounded weights are, to the last bit, in half the bytes.
    @Test func halves_areReadAsTheRoundedWeights() throws {
        let weights = try Fixture.weights("tiny")
        let (whole, halves) = (try weights.encoded(), try weights.encoded(as: .bfloat16))
        let read = try PolicyWeights(encoded: halves)
        #expect(read.parameters.array == weights.rounded(to: .bfloat16).parameters.array)
        #expect(read.parameters.array != weights.parameters.array)
        #expect(read.configuration == weights.configuration && read.metadata == weights.metadata)
        // The header is as long, to a few digits.
        #expect(abs(whole.count - halves.count - 2 * weights.layout.parameterCount) < 200)
        #expect(try PolicyWeights(encoded: whole).parameters.array == weights.parameters.array)
        let worst = zip(read.parameters.array, weights.parameters.array)
            .map { abs($0 - $1) / max(abs($1), 1e-30) }.max()
        #expect(try #require(worst) <= 1 / 256)
        #expect(throws: SafetensorsError.self) { try PolicyWeights(encoded: halves.dropLast()) }
    }
}
