import Foundation
import Kernels

/// Turns raw output rows into log-probabilities and, on request, into the derivative of these by the raw outputs.
///
/// Rows are those of the reference: the row of a Wyckoff token holds the atom logits and the lattice mixture, that of
/// the atom the x mixture, x the y mixture, y the z mixture, z the logits of the next Wyckoff position. Arithmetic of
/// the mixtures is double.
struct OutputHeads {
    private let configuration: PolicyConfiguration
    private var mixture: [Double]
    private var logWeights: [Double]
    private var locations: [Double]
    private var concentrations: [Double]
    private var logDensities: [Double]
    private var dLocations: [Double]
    private var dConcentrations: [Double]

    init(_ configuration: PolicyConfiguration) {
        self.configuration = configuration
        let size = max(configuration.coordinateComponents, configuration.latticeComponents)
        let zeros = [Double](repeating: 0, count: size)
        (mixture, logWeights, locations, concentrations) = (zeros, zeros, zeros, zeros)
        (logDensities, dLocations, dConcentrations) = (zeros, zeros, zeros)
    }

    // MARK: Categories

    /// The Wyckoff numbers that may follow: 0 (the end) unless at the start, and a range.
    struct Allowed {
        let canEnd: Bool
        let range: ClosedRange<Int>?

        /// The first position: any but the end.
        static func first(group: Int, tables: SymmetryTables) -> Allowed {
            Allowed(canEnd: false, range: 1...tables.positionCount(group: group))
        }

        /// - Parameter mayEnd: whether the crystal may end here; it must where no position is left.
        static func after(_ wyckoff: Int, group: Int, mayEnd: Bool, tables: SymmetryTables) -> Allowed {
            let range = tables.successors(group: group, previous: wyckoff)
            return Allowed(canEnd: mayEnd || range == nil, range: range)
        }

        func contains(_ index: Int) -> Bool { index == 0 ? canEnd : range?.contains(index) ?? false }
    }

    /// log p of one Wyckoff number; raw logits `[wyckoffTypes]` of which only the allowed count.
    ///
    /// - Parameter derivative: receives d log p / d logit, zero where not allowed.
    /// - Returns: -1e10, the reference's scale of "impossible", with zero derivative, for a number that is not allowed.
    func wyckoffLogProbability(
        of index: Int, logits: FloatView, allowed: Allowed, derivative: MutableFloatView?
    ) -> Double {
        categoryLogProbability(
            of: index, logits: logits, count: configuration.wyckoffTypes, derivative: derivative,
            isAllowed: allowed.contains)
    }

    /// log p of an element (1...118; padding is masked) among those that a constraint allows; otherwise as above.
    ///
    /// - Parameter derivative: zero where nothing is written; as above.
    func atomLogProbability(
        of atom: Int, row: FloatView, constraint: Constraint, derivative: MutableFloatView?, work: MutableFloatView
    ) -> Double {
        if let allowed = constraint.allowedAtoms {
            return categoryLogProbability(
                of: atom, logits: row, count: configuration.atomTypes, derivative: derivative,
                isAllowed: { allowed[$0] })
        }
        let count = configuration.atomTypes - 1
        let logits = row.view(1, count)
        let logs = work.mutableView(0, count)
        VectorMath.logSoftmax(logits, into: logs, rows: 1, columns: count, stride: count)
        let result = Double(logs[atom - 1])
        if let derivative {
            let target = derivative.mutableView(1, count)
            VectorMath.exp(logs.view, into: target)
            VectorMath.scale(target, by: -1)
            target[atom - 1] += 1
        }
        return result
    }

    /// log p of one of some categories, of which only those that are allowed have a share.
    private func categoryLogProbability(
        of index: Int, logits: FloatView, count: Int, derivative: MutableFloatView?, isAllowed: (Int) -> Bool
    ) -> Double {
        guard isAllowed(index) else { return -1e10 }
        var top = -Double.infinity
        for i in 0..<count where isAllowed(i) { top = max(top, Double(logits[i])) }
        var sum = 0.0
        for i in 0..<count where isAllowed(i) { sum += exp(Double(logits[i]) - top) }
        let norm = top + log(sum)
        if let derivative {
            for i in 0..<count where isAllowed(i) { derivative[i] = -Float(exp(Double(logits[i]) - norm)) }
            derivative[index] += 1
        }
        return Double(logits[index]) - norm
    }

    // MARK: Coordinates

    /// log density of a fractional coordinate, per radian of the angle 2π(x - ½); raw row: logits, locations, raw
    /// concentrations.
    mutating func coordinateLogProbability(of value: Double, row: FloatView, derivative: MutableFloatView?) -> Double {
        let count = configuration.coordinateComponents
        let angle = (value - 0.5) * 2 * .pi
        for i in 0..<count {
            mixture[i] = Double(row[i])
            locations[i] = Double(row[count + i])
            concentrations[i] = softplus(Double(row[2 * count + i]))
        }
        let logNorm = logSumExp(count)
        VonMises.logDensity(
            at: angle, locations: locations, concentrations: concentrations, logDensities: &logDensities,
            dLocations: &dLocations, dConcentrations: &dConcentrations)
        for i in 0..<count {
            mixture[i] -= logNorm
            logWeights[i] = mixture[i]
            mixture[i] += logDensities[i]
        }
        let result = logSumExp(count)
        if let derivative {
            for i in 0..<count {
                let posterior = exp(mixture[i] - result)
                derivative[i] = Float(posterior - exp(logWeights[i]))
                derivative[count + i] = Float(posterior * dLocations[i])
                derivative[2 * count + i] = Float(posterior * dConcentrations[i] * sigmoid(Double(row[2 * count + i])))
            }
        }
        return result
    }

    // MARK: Lattice

    /// log density of the free lattice parameters, the product of six one-dimensional mixtures, as in the reference.
    ///
    /// - Parameter row: the lattice part of an output row: logits, means (component major), raw widths.
    mutating func latticeLogProbability(
        of lattice: [Double], row: FloatView, derivative: MutableFloatView?, isFree: (Int) -> Bool
    ) -> Double {
        let count = configuration.latticeComponents
        for k in 0..<count { mixture[k] = Double(row[k]) }
        let logNorm = logSumExp(count)
        for k in 0..<count { logWeights[k] = mixture[k] - logNorm }
        derivative?.fill(0)
        var total = 0.0
        for j in 0..<6 where isFree(j) {
            for k in 0..<count {
                let mean = Double(row[count + 6 * k + j])
                let sigma = softplus(Double(row[7 * count + 6 * k + j])) + configuration.minimumSigma
                let z = (lattice[j] - mean) / sigma
                logDensities[k] = z
                dLocations[k] = sigma
                mixture[k] = logWeights[k] - 0.5 * z * z - log(sigma) - 0.5 * log(2 * Double.pi)
            }
            let result = logSumExp(count)
            total += result
            guard let derivative else { continue }
            for k in 0..<count {
                let posterior = exp(mixture[k] - result)
                let (z, sigma) = (logDensities[k], dLocations[k])
                derivative[k] += Float(posterior - exp(logWeights[k]))
                derivative[count + 6 * k + j] = Float(posterior * z / sigma)
                derivative[7 * count + 6 * k + j] = Float(
                    posterior * (z * z - 1) / sigma * sigmoid(Double(row[7 * count + 6 * k + j])))
            }
        }
        return total
    }

    // MARK: Parts

    private func logSumExp(_ count: Int) -> Double {
        var top = -Double.infinity
        for i in 0..<count { top = max(top, mixture[i]) }
        var sum = 0.0
        for i in 0..<count { sum += exp(mixture[i] - top) }
        return top + log(sum)
    }
}

func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
