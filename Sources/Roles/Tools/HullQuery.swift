package import Crystals

/// A question to a hull: a composition with its energy, or a structure whose energy a potential gives.
package struct HullQuery: Sendable {
    package let id: String
    package let subject: Result<Subject, ToolFailure>

    package enum Subject: Sendable {
        /// The amounts and their energy per atom, eV/atom.
        case composition(Composition, energyPerAtom: Double)
        case structure(StructureInput)
    }
}

/// The queries of several files, one after the other.
///
/// JSON files hold objects with `composition` and `energy` (eV for all of the composition; a `correction` is added), or
/// structures, as the first object tells; other formats hold structures. The standard input holds compositions.
package struct HullQueryFiles: Sequence, IteratorProtocol {
    private var paths: ArraySlice<String>
    private let format: StructureFormat?
    private var current: AnyIterator<HullQuery>?

    package init(paths: [String], format: StructureFormat?) {
        self.paths = paths[...]
        self.format = format
    }

    package mutating func next() -> HullQuery? {
        while true {
            if let query = current?.next() { return query }
            guard let path = paths.popFirst() else { return nil }
            current = queries(path)
        }
    }

    private func queries(_ path: String) -> AnyIterator<HullQuery> {
        let name = InputFiles.name(path)
        let format = InputFiles.format(path, given: format)
        if format == .json || format == .jsonl {
            do throws(StructureFileError) {
                let bytes = try ByteSource(path: path).readAll()
                let lines = CompositionLine.read(bytes, isOneValue: format == .json)
                let holdsStructures = lines.first { $0.isObject }?.isStructure ?? false
                if !lines.isEmpty, !holdsStructures || path == "-" {
                    let queries = lines.enumerated().map { index, line in
                        HullQuery(id: line.name ?? "\(name)#\(index)", subject: line.subject)
                    }
                    return AnyIterator(queries.makeIterator())
                }
            } catch {
                let query = HullQuery(id: name, subject: .failure(ToolFailure(error)))
                return AnyIterator(CollectionOfOne(query).makeIterator())
            }
        }
        var entries = InputFiles(paths: [path], format: format)
        return AnyIterator {
            entries.next().map { entry in
                HullQuery(
                    id: entry.id,
                    subject: entry.input.map { .structure($0) }.mapError { ToolFailure($0) })
            }
        }
    }
}
