import Base
import Foundation
import Policy
import StructureFiles

/// Writes sampled crystals to a file, one after the other.
final class StructureFileWriter {
    /// The formats that hold many crystals and are written plain.
    static let formats: [StructureFormat] = [.cif, .extxyz, .jsonl, .csv]

    /// Crystals that the format cannot express because no cell has their lattice; they are not in the file.
    package private(set) var leftOut = 0
    private let path: String
    private let format: StructureFormat
    private let file: FileHandle

    /// Makes the file, or empties it.
    /// - Throws: ``ToolFailure``.
    init(path: String, format: StructureFormat) throws(ToolFailure) {
        self.path = path
        self.format = format
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let file = FileHandle(forWritingAtPath: path)
        else { throw ToolFailure("cannot write \(path): the folder is missing or not writable") }
        self.file = file
        if format == .csv { try put(StructureWriter.csvHeader) }
    }

    deinit { try? file.close() }

    /// The format that a name tells; nil for one that is not written.
    static func format(path: String) -> StructureFormat? {
        let isPacked = path.hasSuffix(".gz") || path.hasSuffix(".bz2")
        return isPacked ? nil : StructureFormat(path: path).flatMap { formats.contains($0) ? $0 : nil }
    }

    /// The line of a sample in JSON, without the line break.
    static func jsonLine(_ sample: Sample, id: String) -> String {
        JSONValue.object(
            [("id", .text(id))] + JSONValue.fields(of: sample.crystal) + [("terminated", .flag(sample.isTerminated))]
        ).line
    }

    /// Writes a crystal.
    /// - Throws: ``ToolFailure`` if the file cannot be written.
    func write(_ sample: Sample, id: String) throws(ToolFailure) {
        if format == .jsonl { return try put(Self.jsonLine(sample, id: id) + "\n") }
        let text: String
        do throws(StructureFileError) {
            text = try StructureWriter.text(
                .crystal(sample.crystal), id: id, format: format,
                properties: [("terminated", sample.isTerminated ? "T" : "F")])
        } catch {
            leftOut += 1
            return
        }
        try put(text)
    }

    private func put(_ text: String) throws(ToolFailure) {
        do { try file.write(contentsOf: Data(text.utf8)) } catch {
            throw ToolFailure("cannot write \(path): \(FileProblem.words(error))")
        }
    }
}
