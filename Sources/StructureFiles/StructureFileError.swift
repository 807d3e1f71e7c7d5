package import Base
package import Crystals

/// Why a file, or one entry of it, gives no structure.
package enum StructureFileError: Error, Sendable, Hashable {
    /// The file cannot be opened or read.
    case unreadable(path: String, reason: String)
    /// The compressed data end early or are damaged.
    case damagedArchive(path: String)
    /// A zip archive, or a file in it, cannot be read.
    case archive(ZipError)
    /// The format is neither given nor told by the extension.
    case unknownFormat(path: String)
    /// The text breaks the rules of its format; `line` counts from 1.
    case malformed(format: String, line: Int?, reason: String)
    /// A CIF that is well formed but describes no ordered crystal.
    case cif(CIFProblem, detail: String)
    /// The table has no column of this name.
    case missingColumn(String, available: [String])
    /// The entries of a file that is no table have no number of this name.
    case missingNumber(String)
    /// The entry reads, but is not a possible crystal.
    case crystal(CrystalError)
    /// The entry reads, but its symmetry cannot be found.
    case symmetry(SymmetryError)
}

/// What can be wrong with a well-formed CIF.
package enum CIFProblem: String, Sendable, Hashable {
    case noDataBlock = "no data block"
    case noAtoms = "no atoms"
    case noCell = "no cell"
    case cellWithoutVolume = "cell of no volume"
    case missingCoordinate = "coordinate is ? or not a number"
    case cartesianOnly = "Cartesian coordinates only"
    case unknownElement = "no such element"
    case noElement = "no atom"
    case unclearElement = "unclear element"
    case formulaMismatch = "the listed atoms do not make the formula"
    case coincidingSites = "two atoms on one site"
    case partialOccupancy = "partial occupancy"
    case disorder = "disordered atoms"
    case occupancyAboveOne = "occupancy above one"
    case twoElementsOnOneSite = "two elements on one site"
    case unreadableOperation = "unreadable symmetry operation"
    case unknownSpaceGroup = "no such space group"
    case unclearSetting = "the setting of the space group is not clear"
    case contradictorySymmetry = "contradictory symmetry"
    case cellAgainstSymmetry = "the cell does not fit the space group"
    case noGroup = "the symmetry operations do not form a group"
    case modulated = "modulated structure"
    case tooManyAtoms = "too many atoms"
}

extension StructureFileError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .damagedArchive(let path): "\(path) is damaged or cut short: the compressed data do not unpack"
        case .archive(let error): error.description
        case .unknownFormat(let path) where Self.isPacked(path):
            "\(path) is packed in a way that is not read: unpack it first (.gz, .bz2 and .zip may stay)"
        case .unknownFormat(let path):
            "cannot tell the format of \(path) from its name: name one of "
                + StructureFormat.allCases.map(\.rawValue).joined(separator: ", ")
        case .malformed(let format, let line, let reason):
            line.map { "\(format), line \($0): \(reason)" } ?? "\(format): \(reason)"
        case .cif(let problem, let detail):
            detail.isEmpty ? "CIF: \(problem.rawValue)" : "CIF: \(problem.rawValue) (\(detail))"
        case .missingColumn(let name, let available):
            "there is no column \"\(name)\"; the file has \(available.joined(separator: ", "))"
        case .missingNumber(let name): "there is no \"\(name)\" beside its structures"
        case .crystal(let error): error.description
        case .symmetry(let error): error.description
        }
    }

    /// Whether the name tells an archive, or a compression that is not read.
    private static func isPacked(_ path: String) -> Bool {
        let suffixes = [".xz", ".zst", ".tar", ".tar.gz", ".tar.bz2", ".tgz", ".tbz2", ".7z", ".rar"]
        return suffixes.contains(where: path.lowercased().hasSuffix)
    }
}
