import CKernels

/// Backward passes of the graph's loops: derivatives by features, never by the network's own weights.
extension GraphKernels {
    /// The sum of gathered rows z (+ y if `accumulate`), as y = silu(z) and slope = silu'(z).
    ///
    /// - Parameters:
    ///   - range: the part of the three index lists that the rows stand for.
    ///   - y, slope: `[range.count, width]`.
    package static func gatherSilu(
        _ a: Gather, _ b: Gather, _ c: Gather, rows range: Range<Int>, width: Int, accumulate: Bool,
        into y: MutableFloatView, slope: MutableFloatView
    ) {
        if range.isEmpty { return }
        precondition(y.count >= range.count * width && slope.count >= range.count * width)
        for gather in [a, b, c] { precondition(gather.table.holds(rows: gather.index.bound, width: width)) }
        a.index.withPointer(range) { ia in
            b.index.withPointer(range) { ib in
                c.index.withPointer(range) { ic in
                    ck_gather_silu(
                        range.count, width, accumulate ? 1 : 0, a.table.view.pointer, a.table.stride, ia,
                        b.table.view.pointer, b.table.stride, ib, c.table.view.pointer, c.table.stride, ic, y.pointer,
                        slope.pointer)
                }
            }
        }
    }

    /// dx of `gated` from dy.
    ///
    /// - Parameters:
    ///   - x, dx: `[rows, 2 * width]`.
    ///   - dy: `[rows, width]`.
    package static func gatedBackward(
        _ x: FloatView, bias: FloatView, norm: GateNorm?, dy: FloatView, rows: Int, width: Int,
        into dx: MutableFloatView
    ) {
        precondition(x.count >= rows * 2 * width && dx.count >= rows * 2 * width && dy.count >= rows * width)
        precondition(bias.count == 2 * width && width <= CK_LARGEST_WIDTH)
        precondition(norm.map { $0.scale.count == 2 * width } ?? true)
        ck_gated_backward(
            rows, width, bias.pointer, norm?.scale.pointer, norm?.offset.pointer, norm?.epsilon ?? 0, x.pointer,
            dy.pointer, dx.pointer)
    }

    /// A table of weights of messages `[rows, width]`, its derivative, and the one or two rows that each message uses.
    package struct MessageWeights {
        let table: FloatView
        let derivative: MutableFloatView
        let first: GraphIndex
        let second: GraphIndex?

        package init(_ table: FloatView, derivative: MutableFloatView, first: GraphIndex, second: GraphIndex? = nil) {
            self.table = table
            self.derivative = derivative
            self.first = first
            self.second = second
        }
    }

    /// dx of `gated` followed by `scatterWeighted`, from the derivative by the sums; the derivative by the weights is
    /// added to.
    ///
    /// - Parameters:
    ///   - x, dx: `[range.count, 2 * width]`.
    ///   - dSums: `[target.bound, width]`.
    ///   - factors: one for each row of the lists.
    package static func messageBackward(
        _ x: FloatView, bias: FloatView, norm: GateNorm?, dSums: FloatView, target: GraphIndex, times factors: [Float],
        by weights: MessageWeights, rows range: Range<Int>, width: Int, into dx: MutableFloatView
    ) {
        if range.isEmpty { return }
        precondition(x.count >= range.count * 2 * width && dx.count >= range.count * 2 * width)
        precondition(bias.count == 2 * width && width <= CK_LARGEST_WIDTH && dSums.count >= target.bound * width)
        precondition(norm.map { $0.scale.count == 2 * width } ?? true)
        precondition(factors.count == target.count)
        for index in [weights.first, weights.second ?? weights.first] {
            precondition(weights.table.count >= index.bound * width)
            precondition(weights.derivative.count >= index.bound * width)
        }
        factors.withUnsafeBufferPointer { factor in
            guard let factorBase = factor.baseAddress else { return }
            target.withPointer(range) { it in
                weights.first.withPointer(range) { iw in
                    (weights.second ?? weights.first).withPointer(range) { iv in
                        ck_message_backward(
                            range.count, width, bias.pointer, norm?.scale.pointer, norm?.offset.pointer,
                            norm?.epsilon ?? 0, x.pointer, dSums.pointer, it, factorBase + range.lowerBound,
                            weights.table.pointer, iw, weights.second == nil ? nil : iv, weights.derivative.pointer,
                            dx.pointer)
                    }
                }
            }
        }
    }

    /// A table of derivatives `[bound, width]` and the rows to add to.
    package struct Scatter {
        package let table: MutableFloatView
        let index: GraphIndex

        package init(_ table: MutableFloatView, _ index: GraphIndex) {
            self.table = table
            self.index = index
        }
    }

    /// x *= slope, if there is one; then row r is added to its row in each of three different tables.
    ///
    /// - Parameters:
    ///   - x, slope: `[range.count, width]`.
    package static func scatter(
        _ x: MutableFloatView, slope: FloatView?, to a: Scatter, _ b: Scatter, _ c: Scatter, rows range: Range<Int>,
        width: Int
    ) {
        if range.isEmpty { return }
        precondition(x.count >= range.count * width && slope.map { $0.count >= range.count * width } ?? true)
        for scatter in [a, b, c] { precondition(scatter.table.count >= scatter.index.bound * width) }
        a.index.withPointer(range) { ia in
            b.index.withPointer(range) { ib in
                c.index.withPointer(range) { ic in
                    ck_scatter_rows(
                        range.count, width, slope?.pointer, x.pointer, ia, a.table.pointer, ib, b.table.pointer, ic,
                        c.table.pointer)
                }
            }
        }
    }

    /// A linear layer without bias over a basis, `[basis, width]`, and the derivative by its result, `[rows, width]`.
    package struct BasisLayer {
        let weight: FloatView
        let dy: FloatView

        package init(_ weight: FloatView, dy: FloatView) {
            self.weight = weight
            self.dy = dy
        }

        func holds(basis: Int, rows: Int, width: Int) -> Bool {
            weight.count >= basis * width && dy.count >= rows * width
        }
    }

    /// Adds the derivative by the distances, from those by one or two layers over their `radialBasis`.
    ///
    /// - Parameter derivatives: one for each distance.
    package static func radialBackward(
        _ distances: [Double], frequencies: [Double], cutoff: Double, exponent: Int, width: Int,
        through first: BasisLayer, _ second: BasisLayer? = nil, rows: Int, addingTo derivatives: inout [Double]
    ) {
        precondition(rows >= 0 && rows <= distances.count && rows <= derivatives.count && exponent >= 0)
        precondition(frequencies.count <= CK_LARGEST_BASIS)
        for layer in [first, second ?? first] {
            precondition(layer.holds(basis: frequencies.count, rows: rows, width: width))
        }
        if rows == 0 { return }
        derivatives.withUnsafeMutableBufferPointer { sums in
            guard let base = sums.baseAddress else { return }
            ck_radial_backward(
                rows, frequencies.count, width, cutoff, Int32(exponent), frequencies, distances, first.weight.pointer,
                first.dy.pointer, second?.weight.pointer, second?.dy.pointer, base)
        }
    }

    /// Adds the derivative by the angles (per radian), from that by a layer over their `fourierBasis`.
    ///
    /// - Parameter derivatives: one for each angle.
    package static func fourierBackward(
        _ angles: [Double], frequencies: [Double], width: Int, through layer: BasisLayer,
        addingTo derivatives: inout [Double]
    ) {
        precondition(derivatives.count == angles.count && frequencies.count <= CK_LARGEST_BASIS)
        precondition(layer.holds(basis: 2 * frequencies.count + 1, rows: angles.count, width: width))
        derivatives.withUnsafeMutableBufferPointer { sums in
            guard let base = sums.baseAddress else { return }
            ck_fourier_backward(
                angles.count, frequencies.count, width, frequencies, angles, layer.weight.pointer, layer.dy.pointer,
                base)
        }
    }
}
