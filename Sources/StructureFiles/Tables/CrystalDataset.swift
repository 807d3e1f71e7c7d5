internal import Base
package import Crystals

/// Reads the crystals of a table with a `cif` column, in order.
package struct CrystalDataset: Sendable {
    /// One row of the table.
    package struct Entry: Sendable {
        /// The `material_id`, else the number of the row from 0.
        package let id: String
        /// The columns asked for, in the order of the call.
        package let values: [String]
        package let crystal: Result<Crystal, StructureFileError>
        /// Whether the symmetry was searched since the row states none but P 1.
        package let isSearched: Bool
    }

    /// Where the symmetry comes from.
    package enum SymmetrySource: Sendable {
        /// The operations in the CIF where they are those of a standard setting other than P 1, else a search.
        case file
        /// Always a search.
        case search
    }

    /// Reads a whole table.
    ///
    /// - Parameters:
    ///   - path: `.csv`, `.csv.gz` or `.csv.bz2`.
    ///   - columns: the columns to keep beside the crystal.
    ///   - threads: how many threads parse; the result does not depend on it.
    ///   - tolerance: Å, of the symmetry.
    ///   - limit: the most rows to read.
    /// - Throws: ``StructureFileError`` for the file as a whole; a bad row gives an entry with its error.
    package static func read(
        path: String, columns: [String] = [], symmetry: SymmetrySource = .file, tolerance: Double = 0.01,
        threads: Int = 1, limit: Int = .max
    ) throws(StructureFileError) -> [Entry] {
        var entries: [Entry] = []
        try forEachBatch(
            path: path, columns: columns, symmetry: symmetry, tolerance: tolerance, threads: threads, limit: limit
        ) { entries += $0 }
        return entries
    }

    /// Reads a table batch by batch, in order; memory stays bounded. Parameters as for
    /// ``read(path:columns:symmetry:tolerance:threads:limit:)``.
    package static func forEachBatch(
        path: String, columns: [String] = [], symmetry: SymmetrySource = .file, tolerance: Double = 0.01,
        threads: Int = 1, limit: Int = .max, _ body: ([Entry]) -> Void
    ) throws(StructureFileError) {
        var reader = try CSVReader(path: path)
        let cif = try reader.structureColumn()
        let id = try? reader.column("material_id")
        var kept: [Int] = []
        for name in columns { kept.append(try reader.column(name)) }
        let indices = kept
        let team = ThreadTeam(threadCount: threads)
        var number = 0
        while number < limit {
            var rows: [(number: Int, row: CSVRow)] = []
            while rows.count < batchSize, number < limit, let row = try reader.next() {
                rows.append((number, row))
                number += 1
            }
            guard !rows.isEmpty else { return }
            let batch = team.map(rows) { numbered, _ in
                let (number, row) = numbered
                let (crystal, isSearched) = crystal(row, column: cif, symmetry: symmetry, tolerance: tolerance)
                return Entry(
                    id: id.flatMap { $0 < row.count ? row.string($0) : nil } ?? "\(number)",
                    values: indices.map { $0 < row.count ? row.string($0) : "" },
                    crystal: crystal, isSearched: isSearched)
            }
            body(batch)
        }
    }

    private static let batchSize = 2048

    private static func crystal(
        _ row: CSVRow, column: Int, symmetry: SymmetrySource, tolerance: Double
    ) -> (crystal: Result<Crystal, StructureFileError>, isSearched: Bool) {
        var isSearched = false
        do throws(StructureFileError) {
            let bytes = try row.structure(column)
            guard let content = try StructureText.cif(bytes) else {
                let input = try StructureJSON.input(bytes)
                if case .structure = input { isSearched = true }
                return (.success(try input.crystal(symmetryTolerance: tolerance)), isSearched)
            }
            isSearched = content.operations.count == 1
            switch symmetry {
            case .file: return (.success(try content.crystal(tolerance: tolerance)), isSearched)
            case .search:
                let structure = try content.structure()
                do {
                    return (.success(try Crystal(structure: structure, symmetryTolerance: tolerance)), isSearched)
                } catch {
                    throw .symmetry(error)
                }
            }
        } catch {
            return (.failure(error), isSearched)
        }
    }
}
