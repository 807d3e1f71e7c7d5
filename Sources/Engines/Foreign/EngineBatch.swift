import Base
import Crystals
import Potentials

/// A batch of structures as it is asked of a foreign engine, and its answer read.
struct EngineBatch {
    let number: UInt64
    let structures: [Structure]
    let identity: EngineIdentity

    /// The names that are asked for: the energy, then what else the engine gives.
    private var wanted: [String] { [identity.energyName] + identity.extraNames }

    /// The request: `counts [n]`, `cell [n, 3, 3]` (rows a, b, c, Å), `numbers [atoms]`, `positions [atoms, 3]`
    /// (Cartesian, Å).
    var frame: [UInt8] {
        let atoms = structures.reduce(0) { $0 + $1.atomCount }
        let count = structures.count
        var writer = EngineFrameWriter()
        writer.add("counts", shape: [count], structures.map { Int32(clamping: $0.atomCount) })
        writer.add(
            "cell", shape: [count, 3, 3],
            structures.flatMap { [$0.cell.a, $0.cell.b, $0.cell.c].flatMap(Self.components) })
        writer.add(
            "numbers", shape: [atoms], structures.flatMap { $0.elements.map { Int32($0.atomicNumber) } })
        writer.add(
            "positions", shape: [atoms, 3],
            structures.flatMap { structure in
                structure.fractionalCoordinates.flatMap { Self.components(structure.cell.cartesian($0)) }
            })
        return writer.frame([
            ("kind", .text("evaluate")), ("batch", .integer(Int(number))), ("structures", .integer(count)),
            ("atoms", .integer(atoms)), ("wanted", .list(wanted.map { .text($0) })),
        ])
    }

    private static func components(_ vector: SIMD3<Double>) -> [Double] { [vector.x, vector.y, vector.z] }

    /// What the engine answers: numbers, or why there are none, of each structure.
    ///
    /// - Throws: where the answer as a whole cannot be used.
    func results(in frame: EngineFrame) throws(EngineFault) -> [EngineResult] {
        let header = frame.header
        guard header.batch == number else { throw .wrongBatch(expected: number, found: header.batch) }
        switch header.kind {
        case "results": break
        case "out_of_memory": throw .outOfMemory
        case "failed": throw .failed(Self.shortened(header.reason ?? "it gives no reason"))
        default: throw .answer("\"\(header.kind)\" in place of \"results\"")
        }
        let failed = header.failed ?? [:]
        guard failed.keys.allSatisfy({ Int($0).map { structures.indices.contains($0) } ?? false }) else {
            throw .answer("\"failed\" names a structure that was not asked for")
        }
        var columns: [(name: String, values: [Double])] = []
        for name in wanted {
            guard let values = frame.doubles(name, shape: [structures.count]) else {
                let shape = header.arrays?.first { $0.name == name }.map { "\($0.type.rawValue) \($0.shape)" }
                throw .answer("\(name) is \(shape ?? "missing"); it must be f64 [\(structures.count)]")
            }
            columns.append((name, values))
        }
        return structures.indices.map { index in
            if let reason = failed["\(index)"] { return .failure(.engine(.failed(Self.shortened(reason)))) }
            if let broken = columns.first(where: { !$0.values[index].isFinite }) {
                return .failure(.engine(.notFinite(broken.name)))
            }
            return .success(evaluation(of: index, columns))
        }
    }

    private func evaluation(of index: Int, _ columns: [(name: String, values: [Double])]) -> PotentialEvaluation {
        // invariant: the energy is the first that is wanted.
        let energy = columns[0].values[index]
        let isTotal = columns[0].name == "energy"
        var evaluation = PotentialEvaluation(
            energyPerAtom: isTotal ? energy / Double(structures[index].atomCount) : energy)
        for (name, values) in columns.dropFirst() { evaluation.quantities[name] = values[index] }
        return evaluation
    }

    private static func shortened(_ reason: String) -> String { String(reason.prefix(500)) }
}
