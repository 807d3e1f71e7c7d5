import Base
import Foundation
import Kernels
import Testing

/// Hand-derived gradients of layers against finite differences of their own forward pass.
@Suite struct LayerGradientTests {
    private func random(_ count: Int, _ generator: inout Philox) -> FloatBuffer {
        FloatBuffer((0..<count).map { _ in Float(generator.normal()) })
    }

    /// Σ weight · f(x), whose derivative by x is compared with `gradient` at some places.
    private func check(
        _ x: FloatBuffer, gradient: FloatBuffer, step: Float = 1e-2, tolerance: Double = 2e-2, value: () -> Double
    ) {
        for index in Swift.stride(from: 0, to: x.count, by: max(1, x.count / 17)) {
            let original = x[index]
            x[index] = original + step
            let above = value()
            x[index] = original - step
            let below = value()
            x[index] = original
            let slope = (above - below) / (2 * Double(step))
            #expect(abs(slope - Double(gradient[index])) < tolerance * (1 + abs(slope)), "place \(index)")
        }
    }

    private func dot(_ a: FloatBuffer, _ b: FloatBuffer) -> Double {
        zip(a.array, b.array).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    @Test func layerNorm() {
        var generator = Philox(seed: 1, domain: .testing)
        let (rows, size) = (5, 24)
        let x = random(rows * size, &generator)
        let (scale, offset) = (random(size, &generator), random(size, &generator))
        let weight = random(rows * size, &generator)
        let norm = LayerNorm(size: size)
        let (y, mean, deviation) = (FloatBuffer(count: rows * size), FloatBuffer(count: rows), FloatBuffer(count: rows))
        func value() -> Double {
            norm.forward(
                x.view, scale: scale.view, offset: offset.view, into: y.mutableView,
                mean: mean.mutableView, inverseDeviation: deviation.mutableView, rows: rows)
            return dot(y, weight)
        }
        _ = value()
        let (dx, dScale, dOffset) = (FloatBuffer(count: x.count), FloatBuffer(count: size), FloatBuffer(count: size))
        norm.backward(
            x: x.view, scale: scale.view, mean: mean.view, inverseDeviation: deviation.view, dy: weight.view,
            addingTo: dx.mutableView, dScale: dScale.mutableView, dOffset: dOffset.mutableView, rows: rows)
        check(x, gradient: dx, value: value)
        check(scale, gradient: dScale, value: value)
        check(offset, gradient: dOffset, value: value)
    }

    @Test func causalAttention() {
        var generator = Philox(seed: 2, domain: .testing)
        let attention = CausalAttention(heads: 2, headSize: 8)
        let sequences = CausalAttention.Sequences(lengths: [6, 1, 11])
        let count = sequences.rowCount * attention.width
        let (q, k, v) = (random(count, &generator), random(count, &generator), random(count, &generator))
        let weight = random(count, &generator)
        let y = FloatBuffer(count: count)
        let weights = FloatBuffer(count: attention.heads * sequences.weightCount)
        let scratch = FloatBuffer(count: attention.scratchCount(longest: sequences.longest))
        func value() -> Double {
            attention.forward(
                q: q.view, k: k.view, v: v.view, into: y.mutableView, weights: weights.mutableView,
                scratch: scratch.mutableView,
                sequences: sequences)
            return dot(y, weight)
        }
        _ = value()
        let (dq, dk, dv) = (FloatBuffer(count: count), FloatBuffer(count: count), FloatBuffer(count: count))
        attention.backward(
            q: q.view, k: k.view, v: v.view, weights: weights.view, dy: weight.view, dq: dq.mutableView,
            dk: dk.mutableView, dv: dv.mutableView, scratch: scratch.mutableView, sequences: sequences)
        check(q, gradient: dq, value: value)
        check(k, gradient: dk, value: value)
        check(v, gradient: dv, value: value)
    }

    /// Long enough for the cache to grow twice.
    @Test func cachedAttention_isThatOfTheWholeSequence() {
        var generator = Philox(seed: 3, domain: .testing)
        let attention = CausalAttention(heads: 3, headSize: 4)
        let length = 90
        let sequences = CausalAttention.Sequences(lengths: [length])
        let count = length * attention.width
        let (q, k, v) = (random(count, &generator), random(count, &generator), random(count, &generator))
        let whole = FloatBuffer(count: count)
        attention.forward(
            q: q.view, k: k.view, v: v.view, into: whole.mutableView,
            weights: FloatBuffer(count: attention.heads * sequences.weightCount).mutableView,
            scratch: FloatBuffer(count: attention.scratchCount(longest: length)).mutableView, sequences: sequences)
        let cache = KeyValueCache(attention: attention, layers: 2, sequences: 2)
        let row = FloatBuffer(count: attention.width)
        for position in 0..<length {
            let range = (position * attention.width, attention.width)
            cache.begin(rows: [1], position: position)
            cache.attend(
                layer: 1, rows: 1, position: position, q: q.view(range.0, range.1), k: k.view(range.0, range.1),
                v: v.view(range.0, range.1), into: row.mutableView)
            for index in 0..<attention.width { #expect(abs(row[index] - whole[range.0 + index]) < 1e-5) }
        }
    }

    /// The weights are for the backward pass alone: without them the outputs have the same bits, whatever the lengths.
    @Test(arguments: [4, 8, 20, 32, 64, 72]) func attention_withoutWeights_hasTheSameOutputs(headSize: Int) {
        var generator = Philox(seed: 5, domain: .testing)
        let attention = CausalAttention(heads: 2, headSize: headSize)
        let sequences = CausalAttention.Sequences(lengths: [1, 3, 4, 16, 17, 31, 40])
        let count = sequences.rowCount * attention.width
        let (q, k, v) = (random(count, &generator), random(count, &generator), random(count, &generator))
        let (kept, plain) = (FloatBuffer(count: count), FloatBuffer(count: count))
        let weights = FloatBuffer(count: attention.heads * sequences.weightCount)
        let scratch = FloatBuffer(count: attention.scratchCount(longest: sequences.longest))
        attention.forward(
            q: q.view, k: k.view, v: v.view, into: kept.mutableView, weights: weights.mutableView,
            scratch: scratch.mutableView, sequences: sequences)
        attention.forward(
            q: q.view, k: k.view, v: v.view, into: plain.mutableView, weights: nil, scratch: scratch.mutableView,
            sequences: sequences)
        #expect(kept.bytes == plain.bytes)
        // Each row of weights adds up to 1 and sees nothing of what follows.
        for (sequence, length) in [1, 3, 4, 16, 17, 31, 40].enumerated() {
            for row in 0..<length {
                let start = sequences.weightStarts[sequence] + row * length
                let values = weights.view(start, length).array
                #expect(abs(values[...row].reduce(0, +) - 1) < 1e-5)
                #expect(values[(row + 1)...].allSatisfy { $0 == 0 })
            }
        }
    }

    /// Memory is what the tokens in work need: a sequence that ends gives its tiles back.
    @Test func cache_reusesTheTilesOfSequencesThatEnded() {
        let attention = CausalAttention(heads: 1, headSize: 4)
        let cache = KeyValueCache(attention: attention, layers: 1, sequences: 4)
        for position in 0..<20 { cache.begin(rows: [0, 1], position: position) }
        #expect(cache.tileCount == 4)
        cache.end([0, 1])
        for position in 0..<33 { cache.begin(rows: [2], position: position) }
        #expect(cache.tileCount == 4)
        cache.begin(rows: [3], position: 0)
        cache.begin(rows: [1], position: 0)
        #expect(cache.tileCount == 5)
    }

    @Test func rotation_backward_undoesIt() {
        var generator = Philox(seed: 4, domain: .testing)
        let attention = CausalAttention(heads: 2, headSize: 6)
        let sequences = CausalAttention.Sequences(lengths: [5, 3])
        let x = random(sequences.rowCount * attention.width, &generator)
        let before = x.array
        let table = RotaryTable(headSize: 6, length: 8)
        attention.rotate(x.mutableView, sequences: sequences, table: table)
        #expect(x.array != before)
        attention.rotate(x.mutableView, sequences: sequences, table: table, backward: true)
        for (a, b) in zip(x.array, before) { #expect(abs(a - b) < 1e-5) }
    }
}
