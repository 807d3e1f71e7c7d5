import Base
import Crystals
import Potentials

/// A batch of structures as it is asked of a foreign engine, and its answer read.
struct EngineBatch {
    let number: UInt64
    let structures: [Structure]
    /// Beside the energy.
    let properties: PotentialProperties
    let identity: EngineIdentity

    /// The names of which there is one number a structure: the energy, then what else the engine gives.
    private var scalars: [String] { [identity.energyName] + identity.extraNames }
    private var wantsForces: Bool { properties.contains(.forces) }
    private var wantsStress: Bool { properties.contains(.stress) }
    private var wanted: [String] { scalars + (wantsForces ? ["forces"] : []) + (wantsStress ? ["stress"] : []) }

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
        let count = structures.count
        var columns: [Column] = []
        for name in scalars { columns.append(Column(name: name, values: try array(name, [count], frame))) }
        var rows: (forces: [Double]?, stress: [Double]?)
        if wantsForces { rows.forces = try array("forces", [structures.reduce(0) { $0 + $1.atomCount }, 3], frame) }
        if wantsStress { rows.stress = try array("stress", [count, 3, 3], frame) }
        var atom = 0
        return structures.indices.map { index in
            let atoms = atom..<atom + structures[index].atomCount
            atom = atoms.upperBound
            if let reason = failed["\(index)"] { return .failure(.engine(.failed(Self.shortened(reason)))) }
            // invariant: the energy is the first column.
            let energy = columns[0].values[index]
            var evaluation = PotentialEvaluation(
                energyPerAtom: columns[0].name == "energy" ? energy / Double(atoms.count) : energy,
                forces: rows.forces.map { Self.vectors($0[3 * atoms.lowerBound..<3 * atoms.upperBound]) },
                stress: rows.stress.map { Stress(rows: Self.vectors($0[9 * index..<9 * index + 9])) })
            for column in columns.dropFirst() { evaluation.quantities[column.name] = column.values[index] }
            if let broken = columns.first(where: { !$0.values[index].isFinite })?.name ?? evaluation.brokenName {
                return .failure(.engine(.notFinite(broken)))
            }
            return .success(evaluation)
        }
    }

    /// A number of each structure.
    private struct Column {
        var name: String
        var values: [Double]
    }

    private func array(_ name: String, _ shape: [Int], _ frame: EngineFrame) throws(EngineFault) -> [Double] {
        if let values = frame.doubles(name, shape: shape) { return values }
        let found = frame.header.arrays?.first { $0.name == name }.map { "\($0.type.rawValue) \($0.shape)" }
        throw .answer("\(name) is \(found ?? "missing"); it must be f64 \(shape)")
    }

    private static func vectors(_ values: ArraySlice<Double>) -> [SIMD3<Double>] {
        stride(from: values.startIndex, to: values.endIndex, by: 3).map {
            SIMD3(values[$0], values[$0 + 1], values[$0 + 2])
        }
    }

    /// One line.
    private static func shortened(_ reason: String) -> String {
        String(reason.prefix(500)).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

extension PotentialEvaluation {
    /// Which of forces and stress is not finite.
    fileprivate var brokenName: String? {
        let isBroken = { (rows: [SIMD3<Double>]?) in rows?.contains { !($0 * 0 == .zero) } ?? false }
        return isBroken(forces) ? "forces" : isBroken(stress?.rows) ? "stress" : nil
    }
}
