import Crystals
import StructureFiles

/// A question to a hull: a composition with its energy, or a structure whose energy a potential gives.
struct HullQuery: Sendable {
    let id: String
    let subject: Result<Subject, ToolFailure>

    enum Subject: Sendable {
        /// The amounts and their energy per atom, eV/atom.
        case composition(Composition, energyPerAtom: Double)
        case structure(StructureInput)
    }
}

/// The queries of several files, one after the other.
///
/// Entries of JSON files may state their energy: `energy` (eV for all of the composition, to which `energy_adjustments`
/// or `correction` are added) or `energy_per_atom`. Entries that do not, and other formats, get it from the potential.
struct HullQueryFiles: Sequence, IteratorProtocol {
    private var paths: ArraySlice<String>
    private let format: StructureFormat?
    private var current: AnyIterator<HullQuery>?

    init(paths: [String], format: StructureFormat?) {
        self.paths = paths[...]
        self.format = format
    }

    mutating func next() -> HullQuery? {
        while true {
            if let query = current?.next() { return query }
            guard let path = paths.popFirst() else { return nil }
            current = queries(path)
        }
    }

    private func queries(_ path: String) -> AnyIterator<HullQuery> {
        var entries = InputFiles(paths: [path], format: format)
        return AnyIterator { entries.next().map(HullQuery.init) }
    }
}

extension HullQuery {
    /// The energy that an entry states wins over that of the potential.
    fileprivate init(_ entry: StructureEntry) {
        let input = entry.input.map { Subject.structure($0) }
        let stated = entry.statedEnergy?.map { Subject.composition($0.composition, energyPerAtom: $0.energyPerAtom) }
        self.init(id: entry.id, subject: (stated ?? input).mapError { ToolFailure($0) })
    }
}
