import Crystals
import Foundation
import Potentials
import Synchronization

/// The energies that a native engine gives in the run of ``SequentialRun``, as a table for engines in other languages.
final class EngineTable: Sendable {
    private let energies = Mutex<[UInt64: Double]>([:])

    /// The key of `table_engine.py` and `table_engine.c`: FNV-1a, 64 bits, of the bytes of cell, numbers and positions.
    private static func key(_ structure: Structure) -> UInt64 {
        var bytes: [UInt8] = []
        func append(_ vector: SIMD3<Double>) {
            for component in [vector.x, vector.y, vector.z] {
                withUnsafeBytes(of: component.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
            }
        }
        for vector in [structure.cell.a, structure.cell.b, structure.cell.c] { append(vector) }
        for element in structure.elements {
            withUnsafeBytes(of: Int32(element.atomicNumber).littleEndian) { bytes.append(contentsOf: $0) }
        }
        for position in structure.fractionalCoordinates { append(structure.cell.cartesian(position)) }
        return bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// Records of a key and an energy, eV/atom.
    func write(to path: String) throws {
        var bytes: [UInt8] = []
        for (key, energy) in energies.withLock({ $0 }) {
            withUnsafeBytes(of: (key.littleEndian, energy.bitPattern.littleEndian)) { bytes.append(contentsOf: $0) }
        }
        try Data(bytes).write(to: URL(filePath: path))
    }

    /// The same evaluator, whose energies are noted here.
    func noting(_ evaluator: any PotentialEvaluator) -> any PotentialEvaluator {
        NotingEvaluator(table: self, evaluator: evaluator)
    }

    private final class NotingEvaluator: PotentialEvaluator {
        private let table: EngineTable
        private let evaluator: any PotentialEvaluator

        init(table: EngineTable, evaluator: any PotentialEvaluator) {
            self.table = table
            self.evaluator = evaluator
        }

        func evaluate(
            _ structures: [Structure], _ properties: PotentialProperties
        ) -> [Result<PotentialEvaluation, PotentialError>] {
            let results = evaluator.evaluate(structures, properties)
            for (structure, result) in zip(structures, results) {
                guard let energy = try? result.get().energyPerAtom else { continue }
                table.energies.withLock { $0[EngineTable.key(structure)] = energy }
            }
            return results
        }
    }
}
