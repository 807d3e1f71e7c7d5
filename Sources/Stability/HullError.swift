package import Base
package import Crystals

/// Why a hull could not be read or give an answer.
package enum HullError: LastingError, Sendable, Hashable {
    /// The reference has no energy of the pure element, so nothing that contains it can be compared.
    case missingReference(Element)
    /// The composition has no atoms or an infinite amount.
    case invalidComposition
    /// An energy is infinite or not a number.
    case energyNotFinite(id: String)
    /// The linear programme came to no end, which only unusable numbers can bring about.
    case notConverged(pivots: Int)
    /// The file could not be read or unpacked.
    case file(CompressedFileError)
    /// The file is not JSON, or not of the shape `{"entries": [...]}` or `[...]`. The offset counts unpacked bytes.
    case malformed(path: String, offset: Int, reason: String)
    /// An entry of the file cannot be used. The index counts from 0.
    case invalidEntry(path: String, index: Int, reason: String)
    /// The file has no entries.
    case noEntries(path: String)
    /// A compact hull is damaged or incomplete.
    case damagedCompactHull(path: String, reason: String)
    /// A compact hull is of a version that this build does not know.
    case unsupportedCompactHull(path: String, version: UInt32, supported: UInt32)
    /// A dump cannot be read on behind some entries; the offset counts unpacked bytes.
    case damagedDump(CompressedFileError, entryCount: Int, offset: Int)
    /// What was kept of an interrupted reading belongs to other dumps or options, or is damaged.
    case otherPart(path: String)
    /// Entries would stand beside some whose energies are of another kind.
    case mixedConventions(path: String, holds: String, given: String)
    /// A compact hull could not be written.
    case unwritable(path: String, reason: String)
}

extension HullError {
    /// What a file of entries looks like, for messages.
    private static let layout =
        "{\"entries\": [{\"composition\": {\"Na\": 1, \"Cl\": 1}, \"energy\": -6.8, ...}, ...]} "
        + "or a list of such entries"
}

extension HullError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missingReference(let element):
            "the hull has no energy of elemental \(element.symbol); add one to the reference or leave the element out"
        case .invalidComposition: "the composition has no atoms or an infinite amount"
        case .energyNotFinite(let id): "the energy\(id.isEmpty ? "" : " of \(id)") is not a finite number"
        case .notConverged(let pivots): "the hull's linear programme did not end after \(pivots) pivots"
        case .file(let error): error.description
        case .malformed(let path, let offset, let reason):
            "\(path): byte \(offset): \(reason); expected JSON of the form \(HullError.layout)"
        case .invalidEntry(let path, let index, let reason): "\(path): entry \(index): \(reason)"
        case .noEntries(let path): "\(path): has no entries; expected \(HullError.layout)"
        case .damagedCompactHull(let path, let reason):
            "\(path): damaged compact hull: \(reason); make it again from its source"
        case .unsupportedCompactHull(let path, let version, let supported):
            "\(path): compact hull of version \(version), this build reads \(supported); make it again from its source"
        case .damagedDump(let error, let entryCount, let offset):
            "\(error.description) (behind entry \(entryCount), byte \(offset) of the unpacked text)"
        case .otherPart(let path):
            "\(path): is what was kept of reading other dumps, or with other options, or is damaged: remove it to "
                + "begin anew"
        case .mixedConventions(let path, let holds, let given):
            "\(path): holds \(holds) energies and would be given \(given) ones, which do not stand on one scale"
        case .unwritable(let path, let reason): "\(path): cannot be written: \(reason)"
        }
    }
}
