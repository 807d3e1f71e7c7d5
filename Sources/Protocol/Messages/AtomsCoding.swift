import Crystals
import Trajectories

extension Structure {
    /// Reads atoms. Counts and elements are checked here; numbers may be anything.
    init(wire: Druse_Atoms) throws(WireError) {
        let count = wire.elements.count
        guard count <= WireLimits.atoms, wire.cell.count == 9, wire.positions.count == 3 * count,
            wire.orbits.isEmpty || wire.orbits.count == count
        else { throw .malformed("the arrays of a structure do not fit together") }
        func vector(_ numbers: [Double], _ start: Int) -> SIMD3<Double> {
            SIMD3(numbers[start], numbers[start + 1], numbers[start + 2])
        }
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for number in wire.elements {
            guard let element = Element(atomicNumber: Int(number)) else { throw .malformed("element") }
            elements.append(element)
        }
        self.init(
            cell: Cell(a: vector(wire.cell, 0), b: vector(wire.cell, 3), c: vector(wire.cell, 6)), elements: elements,
            fractionalCoordinates: (0..<count).map { vector(wire.positions, 3 * $0) },
            orbits: wire.orbits.isEmpty ? nil : wire.orbits.map { Int($0) })
    }

    var wire: Druse_Atoms {
        var wire = Druse_Atoms()
        wire.cell = [cell.a, cell.b, cell.c].flatMap { [$0.x, $0.y, $0.z] }
        wire.elements = elements.map { UInt32($0.atomicNumber) }
        wire.positions = fractionalCoordinates.flatMap { [$0.x, $0.y, $0.z] }
        wire.orbits = orbits?.map { UInt32(clamping: $0) } ?? []
        return wire
    }
}

extension RelaxedAtoms {
    init(wire: Druse_RelaxedAtoms) throws(WireError) {
        self.init(structure: try Structure(wire: wire.atoms), end: try WireError.text(wire.end, atMost: 32, "end"))
    }

    var wire: Druse_RelaxedAtoms {
        var wire = Druse_RelaxedAtoms()
        wire.atoms = structure.wire
        wire.end = end
        return wire
    }
}
