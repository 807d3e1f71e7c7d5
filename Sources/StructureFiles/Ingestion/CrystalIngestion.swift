package import Crystals

/// Makes crystals of the structures of data sets: searches their symmetry and takes those alone which the sites
/// rebuild.
package struct CrystalIngestion: Sendable {
    /// Whether a rebuilt structure is the one that a crystal was made of.
    package typealias RebuildCheck = @Sendable (_ original: Structure, _ rebuilt: Structure) -> Bool

    /// A crystal and where it is from.
    package struct Taken: Sendable {
        package let source: ReadStructure
        package let crystal: Crystal
        /// The atoms of the primitive cell.
        package let atomCount: Int
    }

    /// A structure that was not taken.
    package struct Refused: Sendable {
        package let id: String
        package let place: String
        /// What is counted.
        package let reason: String
        /// A sentence for people.
        package let detail: String
    }

    /// Å.
    private let symmetryTolerance: Double
    private let maximumAtoms: Int
    private let maximumSites: Int
    /// Of the distances between neighbours, Å.
    private let rebuildTolerance: Double
    private let isRebuilt: RebuildCheck

    /// - Parameters:
    ///   - symmetryTolerance: Å.
    ///   - maximumAtoms: of the primitive cell.
    ///   - isRebuilt: asked of what has the same composition, volume and distances between neighbours; nil asks no
    ///     more.
    package init(
        symmetryTolerance: Double = 0.01, maximumAtoms: Int = .max, maximumSites: Int = .max,
        isRebuilt: RebuildCheck? = nil
    ) {
        self.symmetryTolerance = symmetryTolerance
        self.maximumAtoms = maximumAtoms
        self.maximumSites = maximumSites
        // Atoms and cell move by as much as the tolerance, and neighbours apart by twice that.
        rebuildTolerance = max(0.05, 5 * symmetryTolerance)
        self.isRebuilt = isRebuilt ?? { _, _ in true }
    }

    /// What becomes of a structure.
    package func take(_ source: ReadStructure) -> Result<Taken, Refused> {
        func refused(_ reason: String, _ detail: String) -> Result<Taken, Refused> {
            .failure(Refused(id: source.id, place: source.place, reason: reason, detail: detail))
        }
        do throws(StructureFileError) {
            let input = try source.input.get()
            let crystal = try input.crystal(symmetryTolerance: symmetryTolerance)
            let rebuilt = try StructureInput.crystal(crystal).structure(cell: .primitive)
            guard rebuilt.atomCount <= maximumAtoms else {
                return refused("too many atoms", "the primitive cell has \(rebuilt.atomCount) atoms")
            }
            guard crystal.sites.count <= maximumSites else {
                return refused("too many sites", "there are \(crystal.sites.count) symmetry-distinct sites")
            }
            if case .structure(let original) = input,
                !original.hasNeighborhoods(of: rebuilt, within: rebuildTolerance) || !isRebuilt(original, rebuilt)
            {
                return refused(
                    "not rebuilt",
                    "the sites of space group \(crystal.spaceGroup.number) do not rebuild the structure; its atoms are "
                        + "at the verge of the tolerance: try another --symprec")
            }
            return .success(Taken(source: source, crystal: crystal, atomCount: rebuilt.atomCount))
        } catch {
            return refused(error.kind, error.description)
        }
    }
}

extension CrystalIngestion.Refused: Error {}

extension StructureFileError {
    /// The kind of the error, without what differs from entry to entry.
    package var kind: String {
        switch self {
        case .cif(let problem, _): problem.rawValue
        case .symmetry: "no symmetry found"
        case .crystal: "no possible crystal"
        case .missingColumn, .missingNumber: "a column is missing"
        case .archive, .damagedArchive: "damaged or unreadable archive"
        case .unreadable: "cannot be read"
        case .unknownFormat: "unknown format"
        case .malformed(let format, _, _): "malformed \(format)"
        }
    }
}
