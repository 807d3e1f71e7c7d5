internal import Foundation
package import Potentials
package import Trajectories

extension PotentialEvaluation {
    /// What forces and stress come to in single numbers, as far as there are any and they are finite.
    package var forceQuantities: [Trajectories.Measurement.Quantity: Double] {
        var quantities: [Trajectories.Measurement.Quantity: Double] = [:]
        let sizes = (forces ?? []).map { ($0 * $0).sum().squareRoot() }
        quantities[.maximumForce] = sizes.max()
        let force = Self.boundedMean(sizes)
        quantities[.forceLogMean] = force.map { log($0) }
        guard let rows = stress?.rows else { return quantities.filter(\.value.isFinite) }
        let components = [rows[0].x, rows[1].y, rows[2].z, rows[1].z, rows[0].z, rows[0].y]
        let mean = Self.boundedMean(components.map(\.magnitude))
        quantities[.stressLogMean] = mean.map { log($0) }
        if let force, let mean { quantities[.forceStressLogMean] = log(force + mean) }
        return quantities.filter(\.value.isFinite)
    }

    /// The mean of numbers, each taken as 0.01 to 100 as in the reference; nil of none.
    private static func boundedMean(_ values: [Double]) -> Double? {
        if values.isEmpty { return nil }
        return values.reduce(0) { $0 + min(max($1, 1e-2), 1e2) } / Double(values.count)
    }
}
