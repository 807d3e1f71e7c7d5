internal import Base
package import Crystals
package import Foundation

/// Makes a compact hull of dumps of computed entries.
///
/// Dumps are read piece by piece, so that memory follows the number of compounds, about 300 bytes each, and not the
/// size of the dumps. What is read is kept from time to time beside the output; a later call with the same dumps goes
/// on from there.
package struct HullIndexing: Sendable {
    /// How far it is.
    package struct Progress: Sendable {
        package let dump: String
        /// Entries of all dumps.
        package let entryCount: Int
        /// Bytes of this dump, unpacked.
        package let bytes: Int
    }

    /// What came of it.
    package struct Summary: Sendable {
        /// Entries that were read in this call, those that could not be used included.
        package var entryCount = 0
        /// Entries that an earlier call had read already.
        package var resumedCount = 0
        /// Compounds of the hull that was added to.
        package var earlierCompounds = 0
        package var compounds = 0
        package var systems = 0
        /// Entries whose corrections were added to their energies.
        package var correctedCount = 0
        /// Entries that could not be used, by reason.
        package var refusals: [String: Int] = [:]
        package var convention: EnergyConvention?
        /// Elements without an entry of their own: nothing that contains one can be compared.
        package var elementsWithoutReference: [Element] = []
    }

    /// How many entries are read between two times that what is read is kept.
    package static let entriesBetweenPauses = 250_000
    private static let entriesBetweenReports = 1024

    /// Where the hull goes.
    package var output: URL
    /// A hull that the dumps are added to; nil for none.
    package var base: URL?
    /// What the energies are; nil: concluded from whether entries carry corrections.
    package var convention: EnergyConvention?
    /// Whether energies are taken without their corrections.
    package var ignoresCorrections = false
    package var entriesBetweenPauses = HullIndexing.entriesBetweenPauses

    package init(output: URL) { self.output = output }

    /// Where what is read is kept until all is.
    package var partURL: URL { URL(filePath: output.path + ".part") }

    /// Reads the dumps and writes the hull.
    ///
    /// - Parameter progress: called now and then, and whenever what was read has been kept; what it throws ends the
    ///   call.
    /// - Throws: ``HullError``; nothing is written then but the part that a later call goes on from.
    package func run(
        _ dumps: [URL], progress: @escaping (Progress) throws(HullError) -> Void = { _ in }
    ) throws(HullError) -> Summary {
        let job = try HullIndexPart.Job(dumps: dumps, base: base, ignoresCorrections: ignoresCorrections)
        var summary = Summary()
        let earlier = try base.map { (url) throws(HullError) in try HullReference.open(url) }
        summary.earlierCompounds = earlier?.compoundCount ?? 0
        var part = try HullIndexPart.read(partURL, for: job) ?? HullIndexPart(job: job)
        if part.isBegun {
            summary.resumedCount =
                part.builder.entryCount + part.builder.refusalCount - (earlier?.sourceEntryCount ?? 0)
        } else if let earlier {
            part.builder = EntryTableBuilder(earlier.table, entryCount: earlier.sourceEntryCount)
        }
        let before = part.builder.entryCount + part.builder.refusalCount
        while part.dump < dumps.count {
            try read(dumps[part.dump], &part, progress)
            part.dump += 1
            part.place = AlexandriaReader.Place()
        }
        let convention = try convention(of: part.builder, earlier)
        summary.entryCount = part.builder.entryCount + part.builder.refusalCount - before
        summary.correctedCount = part.builder.correctedCount
        summary.refusals = part.builder.refusals
        guard part.builder.entryCount > 0 else { throw .noEntries(path: dumps.last?.path ?? output.path) }
        let table = part.builder.table()
        let reference = HullReference(
            name: output.lastPathComponent, table: table, sourceEntryCount: part.builder.entryCount,
            stated: convention)
        try CompactHull.write(reference, to: output)
        try? FileManager.default.removeItem(at: partURL)
        summary.compounds = reference.compoundCount
        summary.systems = table.systems.count
        summary.convention = convention
        summary.elementsWithoutReference = reference.elements.filter {
            table.lowestEntry(of: ReducedComposition(Composition([$0: 1]))) == nil
        }
        return summary
    }

    private func read(
        _ dump: URL, _ part: inout HullIndexPart, _ progress: @escaping (Progress) throws(HullError) -> Void
    ) throws(HullError) {
        let file: CompressedFileReader
        do throws(CompressedFileError) { file = try CompressedFileReader(dump, limit: .max) } catch {
            throw .file(error)
        }
        var isSkipped = part.place.offset
        let source = { () throws(CompressedFileError) -> [UInt8]? in
            while let chunk = try file.nextChunk() {
                guard isSkipped > 0 else { return chunk }
                let skipped = min(isSkipped, chunk.count)
                isSkipped -= skipped
                if skipped < chunk.count { return Array(chunk[skipped...]) }
            }
            return nil
        }
        var rules = AlexandriaReader.Rules()
        rules.countsRefusals = true
        rules.ignoresCorrections = ignoresCorrections
        let (job, number, partURL, interval) = (part.job, part.dump, partURL, entriesBetweenPauses)
        var reader = AlexandriaReader(
            path: dump.path, rules: rules, from: part.place, into: part.builder, source: source
        ) { (reader: inout AlexandriaReader) throws(HullError) in
            let keeps = reader.place.entryCount % interval == 0
            guard keeps || reader.place.entryCount % Self.entriesBetweenReports == 0 else { return }
            if keeps {
                try HullIndexPart(job: job, dump: number, place: reader.place, builder: reader.builder).write(partURL)
            }
            let count = reader.builder.entryCount + reader.builder.refusalCount
            try progress(Progress(dump: dump.lastPathComponent, entryCount: count, bytes: reader.place.offset))
        }
        part.builder = EntryTableBuilder()
        do throws(HullError) { try reader.read() } catch {
            if case .file(let error) = error {
                throw .damagedDump(error, entryCount: reader.place.entryCount, offset: reader.place.offset)
            }
            throw error
        }
        part.builder = reader.takeBuilder()
    }

    /// What the hull says of its energies.
    private func convention(
        of builder: EntryTableBuilder, _ earlier: HullReference?
    ) throws(HullError) -> EnergyConvention? {
        let concluded: EnergyConvention? =
            ignoresCorrections ? .rawPBE : builder.correctedCount > 0 ? .mp2020Corrected : nil
        let new = convention ?? concluded
        guard let old = earlier?.convention, let new, new != old else { return new ?? earlier?.convention }
        throw .mixedConventions(path: base?.path ?? "", holds: old.rawValue, given: new.rawValue)
    }
}
