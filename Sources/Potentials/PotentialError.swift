internal import Base
package import Crystals

/// Why a potential gives no energy, or cannot be loaded.
package enum PotentialError: LastingError, Hashable, Sendable {
    /// The structure has no atoms.
    case emptyStructure
    /// The potential does not know the element; `largestAtomicNumber` is the last one it knows.
    case unsupportedElement(symbol: String, atom: Int, largestAtomicNumber: Int)
    /// The model has learned nothing of the element.
    case unknownElement(symbol: String, atom: Int, potential: String)
    /// No two atoms are within the cutoff (Å) of each other.
    case noNeighbours(cutoff: Double)
    /// A cell vector or a coordinate is NaN, infinite or beyond any use.
    case nonFiniteGeometry(String)
    /// The cell vectors span no volume.
    case degenerateCell(volume: Double)
    /// Two different atoms (indices) stand on one site: there is no finite energy.
    case coincidentAtoms(Int, Int)
    /// More pairs or angles than the limit: the cell is collapsed or far too large.
    case tooManyNeighbours(NeighbourKind, limit: Int, atoms: Int, volume: Double)
    /// The network gave NaN or infinity for something that was asked for.
    case notFinite(potential: String)
    /// An engine in another process gives no energy of the structure.
    case engine(EngineProblem)
    /// The model file cannot be read or is damaged.
    case modelUnreadable(path: String, reason: String)
    /// The model file lacks a tensor or holds one of another shape.
    case modelTensor(path: String, name: String, expected: [Int], found: [Int]?)
    /// The model is of a kind that this program does not run.
    case modelUnsupported(path: String, reason: String)

    /// Why an engine in another process gives no energy.
    package enum EngineProblem: Hashable, Sendable {
        /// It says so itself.
        case failed(String)
        /// It ends with the structure in hand, also when that is alone.
        case crashed
        /// It does not answer within the time limit, also when the structure is alone.
        case timedOut
        /// It has not enough memory for the structure alone.
        case outOfMemory
        /// A number of its answer is NaN or infinite; its name.
        case notFinite(String)
        /// What it answers is not what was asked for.
        case answer(String)
    }

    /// What there were too many of.
    package enum NeighbourKind: String, Hashable, Sendable {
        case pairs
        case angles
    }
}

extension PotentialError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .emptyStructure:
            "the structure has no atoms"
        case .unsupportedElement(let symbol, let atom, let largest):
            "atom \(atom) is \(symbol), but the potential knows elements up to atomic number \(largest) only"
        case .unknownElement(let symbol, let atom, let potential):
            "atom \(atom) is \(symbol), which \(potential) does not know"
        case .noNeighbours(let cutoff):
            "no two atoms are within \(cutoff) Å of each other, so there is nothing to predict from"
        case .nonFiniteGeometry(let what):
            "\(what) is not a finite number of a sensible size"
        case .degenerateCell(let volume):
            "the cell vectors span no volume (\(volume) Å³)"
        case .coincidentAtoms(let first, let second):
            "atoms \(first) and \(second) stand on one site, so there is no finite energy"
        case .tooManyNeighbours(let kind, let limit, let atoms, let volume):
            """
            more than \(limit) \(kind.rawValue) of neighbours (\(atoms) atoms in \(volume) Å³): the cell is \
            collapsed or too large
            """
        case .notFinite(let potential):
            "\(potential) gave a number that is not finite"
        case .engine(let problem): problem.description
        case .modelUnreadable(let path, let reason):
            "cannot read the model \(path): \(reason)"
        case .modelTensor(let path, let name, let expected, let found):
            if let found {
                "the model \(path) holds \(name) with shape \(found), but its configuration needs \(expected)"
            } else {
                "the model \(path) lacks \(name) (shape \(expected)); convert the published weights again"
            }
        case .modelUnsupported(let path, let reason):
            "the model \(path) is of a kind that is not supported: \(reason)"
        }
    }
}

extension PotentialError {
    /// The same for people who know the structure by the names of its file.
    package func description(for structure: Structure) -> String {
        switch self {
        case .coincidentAtoms(let first, let second)
        where structure.elements.indices.contains(first) && structure.elements.indices.contains(second):
            "\(structure.name(ofAtom: first)) and \(structure.name(ofAtom: second)) stand on one site, so there is no "
                + "finite energy"
        case .unsupportedElement(let symbol, let atom, let largest) where structure.elements.indices.contains(atom):
            "\(structure.name(ofAtom: atom)) is \(symbol), but the potential knows elements up to atomic number "
                + "\(largest) only"
        case .unknownElement(let symbol, let atom, let potential) where structure.elements.indices.contains(atom):
            "\(structure.name(ofAtom: atom)) is \(symbol), which \(potential) does not know"
        default: description
        }
    }
}

extension PotentialError.EngineProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .failed(let reason): reason
        case .crashed: "the engine ends with this structure in hand"
        case .timedOut: "the engine does not come to an end with this structure"
        case .outOfMemory: "the engine has not enough memory for this structure"
        case .notFinite(let quantity): "the engine gave no finite \(quantity)"
        case .answer(let reason): reason
        }
    }
}
