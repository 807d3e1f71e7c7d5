import Base
import Foundation

/// What has been read of dumps so far, as a file from which reading goes on.
///
/// Layout: `DRUSEPRT`, the length of the description (u64, little-endian), the description in JSON, then a compact hull
/// of what was read; none if nothing was.
struct HullIndexPart {
    /// What is read, and by which rules: another call goes on only with the same.
    struct Job: Codable, Sendable, Hashable {
        struct Dump: Codable, Sendable, Hashable {
            var name: String
            var byteCount: Int
            /// Seconds since 1970.
            var changed: Double
        }

        var dumps: [Dump]
        var base: Dump?
        var ignoresCorrections: Bool

        init(dumps: [URL], base: URL?, ignoresCorrections: Bool) throws(HullError) {
            var described: [Dump] = []
            for dump in dumps { described.append(try Dump(dump)) }
            self.dumps = described
            self.base = try base.map { (url) throws(HullError) in try Dump(url) }
            self.ignoresCorrections = ignoresCorrections
        }
    }

    private struct Description: Codable {
        var job: Job
        var dump: Int
        var place: AlexandriaReader.Place
        var entryCount: Int
        var correctedCount: Int
        var refusals: [String: Int]
    }

    private static let magic = Array("DRUSEPRT".utf8)

    let job: Job
    /// The dump that is being read.
    var dump = 0
    var place = AlexandriaReader.Place()
    var builder = EntryTableBuilder()

    init(job: Job, dump: Int = 0, place: AlexandriaReader.Place = .init(), builder: EntryTableBuilder = .init()) {
        self.job = job
        self.dump = dump
        self.place = place
        self.builder = builder
    }

    /// Whether anything was read.
    var isBegun: Bool { dump > 0 || place.entryCount > 0 }

    /// What an earlier call has read; nil if there was none.
    ///
    /// - Throws: ``HullError/otherPart(path:)`` if it read other dumps, or its file is damaged.
    static func read(_ url: URL, for job: Job) throws(HullError) -> HullIndexPart? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        guard let bytes = (try? Data(contentsOf: url)).map({ [UInt8]($0) }), bytes.starts(with: magic),
            bytes.count >= 16
        else { throw .otherPart(path: url.path) }
        let length = bytes[8..<16].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(bytes.count - 16),
            let description = try? JSONDecoder().decode(Description.self, from: Data(bytes[16..<16 + Int(length)])),
            description.job == job, (0...job.dumps.count).contains(description.dump), description.place.offset >= 0,
            description.place.entryCount >= 0
        else { throw .otherPart(path: url.path) }
        let content = Array(bytes[(16 + Int(length))...])
        var builder = EntryTableBuilder()
        if !content.isEmpty {
            let reference = try CompactHull.decode(content, path: url.path)
            builder = EntryTableBuilder(
                reference.table, entryCount: description.entryCount, correctedCount: description.correctedCount,
                refusals: description.refusals)
        } else {
            builder = EntryTableBuilder(
                EntryTable(prefixes: [], expectedSystems: 0, expectedRecords: 0), entryCount: 0,
                refusals: description.refusals)
        }
        return HullIndexPart(job: job, dump: description.dump, place: description.place, builder: builder)
    }

    func write(_ url: URL) throws(HullError) {
        let description = Description(
            job: job, dump: dump, place: place, entryCount: builder.entryCount, correctedCount: builder.correctedCount,
            refusals: builder.refusals)
        do {
            let text = try JSONEncoder().encode(description)
            var bytes = Self.magic
            for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: text.count >> shift)) }
            bytes += text
            if builder.entryCount > 0 {
                bytes += CompactHull.encode(
                    HullReference(
                        name: "", table: builder.table(), sourceEntryCount: builder.entryCount, digest: Self.noDigest))
            }
            try Data(bytes).write(to: url, options: .atomic)
        } catch {
            throw .unwritable(path: url.path, reason: FileProblem.reason(of: error))
        }
    }

    /// A part's digest is never asked for, and takes time.
    private static let noDigest = String(repeating: "0", count: 64)
}

extension HullIndexPart.Job.Dump {
    init(_ url: URL) throws(HullError) {
        let attributes: [FileAttributeKey: Any]
        do { attributes = try FileManager.default.attributesOfItem(atPath: url.path) } catch {
            throw .file(.unreadable(path: url.path, reason: FileProblem.reason(of: error)))
        }
        name = url.standardizedFileURL.path
        byteCount = (attributes[.size] as? NSNumber)?.intValue ?? 0
        changed = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    }
}
