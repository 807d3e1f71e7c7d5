import Base
import Crystals
import Foundation

@testable import StructureFiles

// Files of structures, in every format.
extension Decoder {
    static let structures = [
        Decoder(
            name: "cif",
            seeds: {
                try Seeds.files(".cif", ".mcif", ".res")
                    + Seeds.texts(in: "Tests/Fixtures/physics/symmetry/dirty_cif.json") { $0.contains("_atom_site") }
                    + Seeds.texts(in: "Tests/Fixtures/physics/symmetry/cif.json") { $0.contains("_atom_site") }
                    .prefix(40)
            },
            words: cifWords, read: { try readStructures($0, .cif) }),
        Decoder(
            name: "poscar",
            seeds: {
                try Seeds.files(".vasp", "POSCAR")
                    + [
                        "c\n1\n3 0 0\n0 3 0\n0 0 3\nNa Cl\n1 1\nSelective\nDirect\n0 0 0 T T F\n.5 0 0 T T T\n",
                        "c\n-27\n1 0 0\n0 1 0\n0 0 1\n1 1\nCartesian\n0 0 0 Na\n.5 .5 .5 Cl\n\n0 0 0\n0 0 0\n",
                    ].map([UInt8].init(text:))
            },
            words: ["Selective dynamics", "Direct", "Cartesian", "T T F", "1e308", "1e-308", "-1e300", "1e30"],
            read: { try readStructures($0, .poscar) }),
        Decoder(
            name: "extxyz",
            seeds: {
                try Seeds.files(".extxyz", ".xyz")
                    + [
                        "1\nLattice=\"3 0 0 0 3 0 0 0 3\" Properties=species:S:1:pos:R:3 energy=-1 pbc=T\nNa 0 0 0\n"
                    ].map([UInt8].init(text:))
            },
            words: [
                "Lattice=", "Properties=species:S:1:pos:R:3", "pbc=\"T T F\"", "energy=", "Z:I:1", "forces:R:3",
                "energy_per_atom=", "id=", "free_energy=", "_JSON [[1,0,0],[0,1,0],[0,0,1]]",
            ],
            read: { try readStructures($0, .extxyz) }),
        Decoder(
            name: "json", seeds: { try jsonSeeds() }, words: jsonWords, read: { try readStructures($0, .json) }),
        Decoder(
            name: "jsonl",
            seeds: { try Seeds.files(".jsonl") + jsonSeeds().map { $0.filter { $0 != 10 } } }, words: jsonWords,
            read: { try readStructures($0, .jsonl) }),
        Decoder(
            name: "csv",
            seeds: {
                try Seeds.files(".csv", ".tsv")
                    + ["id,cif,energy\n\"a\"\"b\",\"data_a\n_cell_length_a 3\",1\n"]
                    .map([UInt8].init(text:))
            },
            words: cifWords.prefix(20)
                + ["material_id", "cif", "structure", "energy_per_atom", "split", "\"\"", "\r\n", "sep=;"],
            read: { try readStructures($0, .csv) }),
        // The same as a data set, with what else stands in its columns.
        Decoder(
            name: "table",
            seeds: { try Seeds.files(".csv", ".tsv", limit: 1 << 11) },
            words: ["material_id", "cif", "structure", "energy", "split", "spacegroup.number", "225", "\"\"", "\r\n"],
            read: { bytes in
                let url = try ScratchFile.holding(bytes, name: "table.csv")
                let places = StructurePlace.all(in: [url.path], format: .csv).places
                _ = UnreadStructures.tellSplits(places)
                for piece in UnreadStructures(places, keeping: ["energy"]).prefix(20) { _ = piece.read() }
                _ = try? SpaceGroupCounts.read(path: url.path, threads: 1)
            }),
        // The symmetry of whatever atoms, as tools that are given a file ask for it.
        Decoder(
            name: "symmetry",
            seeds: { try Seeds.files(".vasp") },
            read: { bytes in
                let structure = try POSCAR.read(bytes)
                guard structure.atomCount <= 12 else { return }
                let crystal = try StructureInput.structure(structure).crystal()
                _ = try StructureInput.crystal(crystal).structure(cell: .primitive)
            }),
    ]

    private static func readStructures(_ bytes: [UInt8], _ format: StructureFormat) throws {
        let source = try ByteSource(bytes: bytes, name: "input")
        for entry in try StructureReader.read(source, name: "input", format: format, numbers: []).prefix(20) {
            _ = entry.statedEnergy
            if case .failure(let error) = entry.input {
                expect(!error.description.isEmpty, "an error without words")
                continue
            }
            guard let input = try? entry.input.get(), let structure = try? input.structure() else { continue }
            expect(structure.atomCount <= StructureReader.maximumAtomCount, "\(structure.atomCount) atoms")
            expect(structure.orbits.map { $0.count == structure.atomCount } ?? true, "orbits of other atoms")
            _ = structure.composition.formula
            guard structure.atomCount <= 64, let first = structure.elements.indices.last else { continue }
            _ = structure.name(ofAtom: first)
            for format in [StructureFormat.cif, .json, .extxyz, .poscar, .csv] {
                _ = try? StructureWriter.text(input, id: entry.id, format: format)
            }
        }
    }

    private static func jsonSeeds() throws -> [[UInt8]] {
        let structure = """
            "lattice":{"matrix":[[3,0,0],[0,3,0],[0,0,3]]},\
            "sites":[{"species":[{"element":"Na","occu":1}],"abc":[0,0,0]}]
            """
        let own = """
            {"id":"a","space_group":225,"lattice":[5.6,5.6,5.6,90,90,90],"sites":[{"wyckoff":"a","element":"Na",\
            "position":[0,0,0]},{"wyckoff":"b","element":"Cl","position":[0.5,0.5,0.5]}]}
            """
        let others = [
            own, "[\(own),\(own)]", "{\(structure)}", "{\"entries\":[{\"structure\":{\(structure)},\"energy\":-1}]}",
            "{\"cell\":[[3,0,0],[0,3,0],[0,0,3]],\"numbers\":[11],\"positions\":[[0,0,0]],\"pbc\":[true,true,true]}",
            "{\"1\":{\"cell\":{\"array\":[[3,0,0],[0,3,0],[0,0,3]]},\"numbers\":[11],\"positions\":[[0,0,0]]},"
                + "\"ids\":[1]}",
            "{\"cell\":{\"__ndarray__\":[[3,3],\"float64\",[3,0,0,0,3,0,0,0,3]]},\"numbers\":[11],"
                + "\"positions\":[[0,0,0]]}",
        ]
        return try Seeds.files(".json", in: "Tests/Fixtures/field/files") + others.map([UInt8].init(text:))
    }

    private static let jsonWords = [
        "lattice", "sites", "species", "element", "occu", "abc", "xyz", "matrix", "cell", "numbers", "positions", "pbc",
        "structure", "entries", "data", "energy", "composition", "@module", "@class", "space_group", "wyckoff",
        "position", "symbols", "ids", "unique_positions", "energy_per_atom", "correction", "energy_adjustments", "NaN",
        "-Infinity", "1e999", "frac_coords", "charge", "properties", "label", "__ndarray__", "lattice_mat",
        "lattice_vectors", "coords", "1e18",
    ]

    private static let cifWords = [
        "data_", "loop_", "_cell_length_a", "_cell_length_b", "_cell_length_c", "_cell_angle_alpha",
        "_cell_angle_beta", "_cell_angle_gamma", "_atom_site_label", "_atom_site_type_symbol", "_atom_site_fract_x",
        "_atom_site_fract_y", "_atom_site_fract_z", "_atom_site_occupancy", "_symmetry_equiv_pos_as_xyz", "'x,y,z'",
        "_space_group_symop_operation_xyz", "_symmetry_space_group_name_H-M", "_symmetry_Int_Tables_number",
        "_space_group_name_Hall", "_atom_site_Wyckoff_symbol", "_atom_site_symmetry_multiplicity",
        "_atom_site_attached_hydrogens", "_atom_site_disorder_group", "_chemical_formula_sum", "_cell_formula_units_Z",
        "_cell_volume", "_atom_site_Cartn_x", "_space_group_symop_magn_operation_xyz", "1/2-x,y+1/3,-z", "'F m -3 m'",
        "R -3 m :H", "(5)", "?", ".", "\n;", "stop_", "global_", "save_", "#",
    ]
}
