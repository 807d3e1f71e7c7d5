import CKernels

/// Loops of graph networks: bases, gathers, gated activations, scatters. Float tables are row-major; sums run in the
/// order of the rows.
package enum GraphKernels {
    /// Damped spherical Bessel functions of distances, with a polynomial envelope that is 0 at the cutoff.
    ///
    /// y[r, k] = env(d/c) √(2/c) sin(w_k d/c) / d with env(x) = 1 - (p+1)(p+2)/2 x^p + p(p+2) x^(p+1) - p(p+1)/2
    /// x^(p+2).
    /// - Parameters:
    ///   - distances: d > 0, Å; the rows of `range`.
    ///   - frequencies: w, one for each column of y.
    ///   - y: `[range.count, frequencies.count]`.
    package static func radialBasis(
        _ distances: [Double], rows range: Range<Int>, frequencies: [Double], cutoff: Double, exponent: Int,
        into y: MutableFloatView
    ) {
        precondition(range.lowerBound >= 0 && range.upperBound <= distances.count)
        precondition(y.count >= range.count * frequencies.count && exponent >= 0)
        distances.withUnsafeBufferPointer { d in
            guard let base = d.baseAddress else { return }
            ck_radial_basis(
                range.count, frequencies.count, cutoff, Int32(exponent), frequencies, base + range.lowerBound, y.pointer
            )
        }
    }

    /// Fourier functions of angles: (1/√2, sin(m_1 t) ... sin(m_M t), cos(m_1 t) ... cos(m_M t)) / √π.
    ///
    /// - Parameters:
    ///   - angles: radians; the rows of `range`.
    ///   - y: `[range.count, 2 * frequencies.count + 1]`.
    package static func fourierBasis(
        _ angles: [Double], rows range: Range<Int>, frequencies: [Double], into y: MutableFloatView
    ) {
        precondition(range.lowerBound >= 0 && range.upperBound <= angles.count)
        precondition(y.count >= range.count * (2 * frequencies.count + 1))
        angles.withUnsafeBufferPointer { t in
            guard let base = t.baseAddress else { return }
            ck_fourier_basis(range.count, frequencies.count, frequencies, base + range.lowerBound, y.pointer)
        }
    }

    /// A table with the rows to take from it.
    package struct Gather {
        let table: FeatureTable
        let index: GraphIndex

        package init(_ table: FeatureTable, _ index: GraphIndex) {
            self.table = table
            self.index = index
        }
    }

    /// y[r] = a[ia[r]] + b[ib[r]] + c[ic[r]] (+ y[r] if `accumulate`), then silu if asked for.
    ///
    /// - Parameters:
    ///   - range: the part of the three index lists that the rows of y stand for.
    ///   - y: `[range.count, width]`.
    package static func gatherSum(
        _ a: Gather, _ b: Gather, _ c: Gather, rows range: Range<Int>, width: Int, accumulate: Bool, silu: Bool,
        into y: MutableFloatView
    ) {
        if range.isEmpty { return }
        precondition(y.count >= range.count * width)
        for gather in [a, b, c] { precondition(gather.table.holds(rows: gather.index.bound, width: width)) }
        a.index.withPointer(range) { ia in
            b.index.withPointer(range) { ib in
                c.index.withPointer(range) { ic in
                    ck_gather_sum(
                        range.count, width, accumulate ? 1 : 0, silu ? 1 : 0, a.table.view.pointer, a.table.stride, ia,
                        b.table.view.pointer, b.table.stride, ib, c.table.view.pointer, c.table.stride, ic, y.pointer)
                }
            }
        }
    }

    /// Scale and offset of the two layer norms of a gate, core then gate, each `[2 * width]`.
    package struct GateNorm: Sendable {
        let scale: FloatView
        let offset: FloatView
        let epsilon: Float

        package init(scale: FloatView, offset: FloatView, epsilon: Float) {
            precondition(scale.count == offset.count)
            self.scale = scale
            self.offset = offset
            self.epsilon = epsilon
        }
    }

    /// y = silu(N(core)) * sigmoid(N(gate)), where x + bias holds core and gate side by side and N is the norm, if any.
    ///
    /// - Parameters:
    ///   - x: `[rows, 2 * width]`
    ///   - bias: `[2 * width]`
    ///   - y: `[rows, width]`
    package static func gated(
        _ x: FloatView, bias: FloatView, norm: GateNorm?, rows: Int, width: Int, into y: MutableFloatView
    ) {
        precondition(x.count >= rows * 2 * width && y.count >= rows * width && bias.count == 2 * width)
        precondition(norm.map { $0.scale.count == 2 * width } ?? true)
        ck_gated(
            rows, width, bias.pointer, norm?.scale.pointer, norm?.offset.pointer, norm?.epsilon ?? 0, x.pointer,
            y.pointer)
    }

    /// sums[target[r]] += factor[r] * x[r] * w[iw[r]] (* v[iv[r]]), row by row in order.
    ///
    /// - Parameters:
    ///   - x: `[range.count, width]`
    ///   - factors: one for each row of the lists.
    ///   - weights: one or two tables of `width` columns with the rows to use.
    ///   - sums: `[target.bound, width]`
    /// - Precondition: the tables have no gaps between rows.
    package static func scatterWeighted(
        _ x: FloatView, times factors: [Float], by weights: [Gather], to target: GraphIndex, rows range: Range<Int>,
        width: Int,
        addingTo sums: inout [Double]
    ) {
        if range.isEmpty { return }
        precondition(x.count >= range.count * width && sums.count >= target.bound * width)
        precondition(weights.count == 1 || weights.count == 2)
        precondition(factors.count == target.count)
        for weight in weights {
            precondition(weight.table.stride == width && weight.table.holds(rows: weight.index.bound, width: width))
        }
        let first = weights[0]
        let second = weights.count == 2 ? weights[1] : nil
        sums.withUnsafeMutableBufferPointer { sum in
            factors.withUnsafeBufferPointer { factor in
                guard let base = sum.baseAddress, let factorBase = factor.baseAddress else { return }
                target.withPointer(range) { it in
                    first.index.withPointer(range) { iw in
                        (second ?? first).index.withPointer(range) { iv in
                            ck_scatter_weighted(
                                range.count, width, x.pointer, factorBase + range.lowerBound, first.table.view.pointer,
                                iw, second?.table.view.pointer, iv, it, base)
                        }
                    }
                }
            }
        }
    }

    /// y = x rounded to single precision, for the first `count` numbers.
    package static func narrow(_ x: [Double], count: Int, into y: MutableFloatView) {
        precondition(x.count >= count && y.count >= count)
        ck_narrow(count, x, y.pointer)
    }
}
