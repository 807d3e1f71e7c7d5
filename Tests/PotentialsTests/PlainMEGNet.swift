import Base
import Crystals
import Foundation
import ModelFixtures

/// The forward pass as its description reads, in double precision, edge by edge: slow and obvious.
struct PlainMEGNet {
    let model: TinyMEGNet
    private let tensors: [String: [Double]]
    private let shapes: [String: [Int]]

    init(_ model: TinyMEGNet) {
        self.model = model
        tensors = model.tensors.mapValues { $0.values.map(Double.init) }
        shapes = model.shapes
    }

    private typealias Vector = [Double]

    private struct Edge {
        let source: Int
        let destination: Int
        let length: Double
    }

    /// The prediction for a state.
    func predict(_ structure: Structure, state: Int) -> Double {
        let edges = edges(of: structure)
        var v = structure.elements.map { element -> Vector in
            let row = model.elements.firstIndex(of: element.symbol) ?? 0
            return layers("node_encoder", row4("embedding.layer_node_embedding.weight", row))
        }
        let centres = tensors["bond_expansion.rbf.centers"] ?? []
        var e = edges.map { edge in
            layers("edge_encoder", centres.map { exp(-0.5 * (edge.length - $0) * (edge.length - $0)) })
        }
        let states = tensors["embedding.layer_state_embedding.weight"]
        var u = layers("state_encoder", states.map { Array($0[state * 3..<state * 3 + 3]) } ?? [0.5, 0, -0.5])
        for block in 0..<model.blockCount {
            let before = (e, v, u)
            let name = "blocks.\(block)."
            if block > 0 {
                e = e.map { layers(name + "edge_func", $0) }
                v = v.map { layers(name + "node_func", $0) }
                u = layers(name + "state_func", u)
            }
            let new = edges.indices.map { index in
                layers(
                    name + "conv.edge_func", v[edges[index].source] + v[edges[index].destination] + e[index] + u)
            }
            let atoms = v.indices.map { atom in
                let own = edges.indices.filter { edges[$0].destination == atom }.map { new[$0] }
                return layers(name + "conv.node_func", v[atom] + mean(own) + u)
            }
            let state = layers(name + "conv.state_func", u + mean(new) + mean(atoms))
            e = zip(new, before.0).map { added($0, $1) }
            v = zip(atoms, before.1).map { added($0, $1) }
            u = added(state, before.2)
        }
        let features = pooled("node_s2s", v) + pooled("edge_s2s", e) + u
        return layers("output_proj", features, activatesLast: false)[0] * model.deviation + model.mean
    }

    private func edges(of structure: Structure) -> [Edge] {
        var edges: [Edge] = []
        let cell = structure.cell
        for (s, from) in structure.fractionalCoordinates.enumerated() {
            for (t, to) in structure.fractionalCoordinates.enumerated() {
                for x in -3...3 {
                    for y in -3...3 {
                        for z in -3...3 where s != t || x != 0 || y != 0 || z != 0 {
                            let f = to + SIMD3(Double(x), Double(y), Double(z)) - from
                            let d = f.x * cell.a + f.y * cell.b + f.z * cell.c
                            let length = (d * d).sum().squareRoot()
                            if length <= model.cutoff { edges.append(Edge(source: s, destination: t, length: length)) }
                        }
                    }
                }
            }
        }
        return edges
    }

    private func row4(_ name: String, _ row: Int) -> Vector { Array((tensors[name] ?? [])[row * 4..<row * 4 + 4]) }

    private func softplus(_ x: Double) -> Double { log(1 + exp(x)) - log(2) }

    private func product(_ name: String, _ x: Vector) -> Vector {
        let (matrix, columns) = (tensors[name] ?? [], x.count)
        return (0..<matrix.count / columns).map { row in
            (0..<columns).reduce(0) { $0 + matrix[row * columns + $1] * x[$1] }
        }
    }

    private func layers(_ name: String, _ x: Vector, activatesLast: Bool = true) -> Vector {
        var (x, index) = (x, 0)
        while shapes["\(name).layers.\(index).weight"] != nil {
            x = added(product("\(name).layers.\(index).weight", x), tensors["\(name).layers.\(index).bias"] ?? [])
            let isLast = shapes["\(name).layers.\(index + 2).weight"] == nil
            if activatesLast || !isLast { x = x.map(softplus) }
            index += 2
        }
        return x
    }

    private func added(_ a: Vector, _ b: Vector) -> Vector { zip(a, b).map { $0 + $1 } }

    private func mean(_ items: [Vector]) -> Vector {
        let sum = items.reduce(Vector(repeating: 0, count: model.width)) { added($0, $1) }
        return sum.map { $0 / Double(max(1, items.count)) }
    }

    private func pooled(_ name: String, _ items: [Vector]) -> Vector {
        let width = model.width
        var (q, h, c) = (
            Vector(repeating: 0, count: 2 * width), Vector(repeating: 0, count: width),
            Vector(repeating: 0, count: width)
        )
        func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
        for _ in 0..<model.rounds {
            let biases = added(tensors["\(name).lstm.bias_ih_l0"] ?? [], tensors["\(name).lstm.bias_hh_l0"] ?? [])
            let products = added(
                product("\(name).lstm.weight_ih_l0", q), product("\(name).lstm.weight_hh_l0", h))
            let gates = added(products, biases)
            c = (0..<width).map {
                sigmoid(gates[width + $0]) * c[$0] + sigmoid(gates[$0]) * tanh(gates[2 * width + $0])
            }
            h = (0..<width).map { sigmoid(gates[3 * width + $0]) * tanh(c[$0]) }
            let scores = items.map { item in exp(zip(item, h).reduce(0) { $0 + $1.0 * $1.1 }) }
            let total = scores.reduce(0, +)
            let read = zip(items, scores).reduce(Vector(repeating: 0, count: width)) { sum, pair in
                added(sum, pair.0.map { $0 * pair.1 / total })
            }
            q = h + read
        }
        return q
    }
}
