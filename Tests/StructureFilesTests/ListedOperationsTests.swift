import Crystals
import Foundation
import StructureFiles
import Testing

/// Operations as files list them: at any origin, in any cell, with few decimals or many.
struct ListedOperationsTests {
    private static let point = SIMD3(0.1371, 0.2113, 0.0717)

    /// A CIF of one atom in general position.
    private func cif(
        _ operations: [String], at point: SIMD3<Double> = point, cell: LatticeParameters, more: String = ""
    ) -> String {
        let tags = ["length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"]
        return "data_x\n" + zip(tags, cell.values).map { "_cell_\($0) \($1)\n" }.joined() + more
            + "loop_\n_symmetry_equiv_pos_as_xyz\n" + operations.map { "'\($0)'\n" }.joined()
            + "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
            + "Si1 \(point.x) \(point.y) \(point.z)\n"
    }

    /// The triplet with its shift as decimals, as many programs write it.
    private func text(_ operation: AffineOperation, decimals: Int) -> String {
        let rotation = AffineOperation(columns: operation.columns, translation: .zero).triplet
        return zip(rotation.split(separator: ","), 0..<3).map { part, axis in
            "\(part)+\(String(format: "%.\(decimals)f", operation.translation[axis]))"
        }.joined(separator: ",")
    }

    private func cell(of group: SpaceGroup) -> LatticeParameters {
        group.symmetrize(LatticeParameters(a: 9, b: 10.1, c: 11.3, alpha: 82, beta: 97, gamma: 104))
    }

    /// The largest distance, Å, of an image of the point to the nearest atom.
    private func deviation(_ structure: Structure, _ operations: [AffineOperation], _ point: SIMD3<Double>) -> Double {
        operations.map { operation in
            let image = operation.apply(point)
            return structure.fractionalCoordinates.map { structure.cell.length(nearestImage($0 - image)) }.min() ?? 99
        }.max() ?? 99
    }

    /// A shift near a simple fraction is what it says where the list is a group as it stands.
    @Test(arguments: [0.5, 0.506, 0.494, 0.49, 0.4936, 0.4583, 0.0066, 0.333, 0.17])
    func shiftAtAnArbitraryOrigin_isTakenAsWritten(shift: Double) throws {
        let lattice = LatticeParameters(a: 3.75, b: 3.75, c: 20, alpha: 90, beta: 90, gamma: 120)
        let point = SIMD3(0.1371, 0.2113, shift / 2 + 0.061)
        let content = try CIFContent(Array(cif(["x,y,z", "x,y,-z+\(shift)"], at: point, cell: lattice).utf8))
        let found = try content.structure().fractionalCoordinates
        #expect(found.count == 2)
        #expect(abs(nearestImage(found[1] - SIMD3(point.x, point.y, shift - point.z)).z) < 1e-4)
    }

    /// Every sixth group with its origin anywhere: six decimals, then three, of which thirds are rounded.
    @Test(arguments: [6, 3]) func groupAtAnArbitraryOrigin_isRead(decimals: Int) throws {
        let origin = SIMD3(0.247, 0.113, 0.381)
        let point = Self.point + origin
        for number in stride(from: 2, through: 230, by: 6) {
            let group = try #require(SpaceGroup(number: number))
            let operations = group.operations.map { $0.moved(by: origin) }
            let listed = operations.map { text($0, decimals: decimals) }
            let content = try CIFContent(Array(cif(listed, at: point, cell: cell(of: group)).utf8))
            #expect(content.spaceGroup == group, "\(number)")
            let structure = try content.structure()
            #expect(structure.atomCount == operations.count, "\(number)")
            let limit = decimals == 3 ? 0.03 : 1e-4
            #expect(deviation(structure, operations, point) < limit, "\(number)")
        }
    }

    /// In a standard setting two decimals are enough: what makes no group with 0.33 does so with a third.
    @Test func fewDecimals_areCompletedWhereOnlyThatMakesAGroup() throws {
        for number in [98, 122, 144, 148, 152, 161, 167, 169, 171, 173, 194, 206, 214, 220, 227, 228, 230] {
            let group = try #require(SpaceGroup(number: number))
            let listed = group.operations.map { text($0, decimals: 2) }
            let content = try CIFContent(Array(cif(listed, cell: cell(of: group)).utf8))
            #expect(content.spaceGroup == group)
            let structure = try content.structure()
            #expect(structure.atomCount == group.operations.count)
            #expect(deviation(structure, group.operations, Self.point) < 1e-6, "\(number)")
        }
    }

    @Test func listThatIsNoGroup_isRefusedAsSuch() {
        let lattice = LatticeParameters(a: 5, b: 5, c: 7, alpha: 90, beta: 90, gamma: 90)
        for operations in [["x,y,z", "x,y,z+0.45"], ["x,y,z", "-x,-y,z+0.47"], ["x,y,z", "-y,x,z+0.31"]] {
            let text = cif(operations, cell: lattice)
            let error = #expect(throws: StructureFileError.self) { try CIFContent(Array(text.utf8)) }
            #expect("\(error.map { "\($0)" } ?? "")".contains("do not form a group"))
        }
    }

    // MARK: Primitive cells

    /// The operations in a primitive cell that is not a reduced one.
    private func primitive(_ group: SpaceGroup) -> [AffineOperation] {
        let basis = Cell(a: SIMD3(1, 0, 0), b: SIMD3(1, 1, 0), c: SIMD3(-1, 1, 1))
        return group.primitiveOperations.map { operation in
            func column(_ vector: SIMD3<Double>) -> SIMD3<Double> {
                basis.fractional(operation.rotate(vector)).rounded(.toNearestOrEven)
            }
            return AffineOperation(
                columns: (column(basis.a), column(basis.b), column(basis.c)),
                translation: wrapped(basis.fractional(operation.translation)))
        }
    }

    @Test func operationsOfPrimitiveCells_areThoseOfTheirGroup() throws {
        let cell = try LatticeParameters(a: 7, b: 7.7, c: 8.3, alpha: 82, beta: 97, gamma: 104).cell()
        for number in 1...230 {
            let group = try #require(SpaceGroup(number: number))
            #expect(SpaceGroup(operations: primitive(group), cell: cell) == group, "\(number)")
        }
    }

    /// C2 in a primitive cell: symbol, number and operations say the same.
    @Test func primitiveCell_withItsSymbol_isRead() throws {
        let lattice = LatticeParameters(
            a: 9.98268866, b: 7.06370815, c: 6.21248000, alpha: 97.30737329, beta: 135.42448380, gamma: 88.23903208)
        let stated = "_symmetry_Int_Tables_number 5\n_symmetry_space_group_name_H-M 'C2'\n"
        let content = try CIFContent(Array(cif(["x,y,z", "-y,-x,x-y-z"], cell: lattice, more: stated).utf8))
        #expect(content.spaceGroup?.number == 5)
        #expect(try content.structure().atomCount == 2)
        let wrong = cif(
            ["x,y,z", "-y,-x,x-y-z"], cell: lattice, more: stated.replacing("5", with: "8").replacing("C2", with: "Cm"))
        let error = #expect(throws: StructureFileError.self) { try CIFContent(Array(wrong.utf8)) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("those of C2 (5)"))
    }
}
