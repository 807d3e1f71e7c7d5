import ArgumentParser
import Base
import Crystals
import Foundation
import Policy
import StructureFiles

/// Writes structures to a file, one after the other.
final class StructureFileWriter {
    /// The formats that hold many structures one after the other.
    static let formats: [StructureFormat] = [.cif, .extxyz, .jsonl, .csv]
    /// What else can be written: a list in JSON, one structure in a POSCAR.
    private static let otherFormats: [StructureFormat] = [.json, .poscar]

    /// Crystals that the format cannot express because no cell has their lattice; they are not in the file.
    package private(set) var leftOut = 0
    private let path: String
    private let format: StructureFormat
    private let file: OutputFile
    private var count = 0

    /// Makes the file, which has the name with ".partial" behind it until it is whole; the name tells the format, JSON
    /// lines for the standard output and pipes without one.
    ///
    /// - Parameter inputs: what is still to be read.
    /// - Throws: `OutputFileError`, or ``ToolFailure`` where the file is one of the inputs.
    init(path: String, apartFrom inputs: InputFiles? = nil) throws {
        guard let format = Self.format(path: path) else {
            throw ToolFailure("cannot write structures as \(path): the name tells no format that is written")
        }
        try inputs?.require(apartFrom: path)
        self.path = path
        self.format = format
        file = try OutputFile(path: path, isPacked: false, unfinished: .kept)
    }

    /// The format that a name tells; nil for one that is not written.
    static func format(path: String) -> StructureFormat? {
        let isPacked = path.hasSuffix(".gz") || path.hasSuffix(".bz2")
        let named = isPacked ? nil : StructureFormat(path: path)
        if named == nil, OutputFile.isStream(path) { return .jsonl }
        return named.flatMap { (formats + otherFormats).contains($0) ? $0 : nil }
    }

    /// Whether a name tells one of ``formats``.
    static func holdsMany(path: String) -> Bool { format(path: path).map(formats.contains) ?? false }

    /// Refuses names that tell no format.
    static func validate(_ output: String?) throws {
        guard let output, format(path: output) == nil else { return }
        throw ValidationError(
            "cannot write structures as \(output); the name must end in .cif, .extxyz, .jsonl, .json, .csv or .vasp, "
                + "or be POSCAR")
    }

    /// The line of a sample in JSON, without the line break.
    static func jsonLine(_ sample: Sample, id: String) -> String {
        JSONValue.object(
            [("id", .text(id))] + JSONValue.fields(of: sample.crystal) + [("terminated", .flag(sample.isTerminated))]
        ).line
    }

    /// Writes a sampled crystal.
    /// - Throws: `OutputFileError` if the file cannot be written.
    func write(_ sample: Sample, id: String) throws {
        if format == .jsonl {
            count += 1
            return try put(Self.jsonLine(sample, id: id) + "\n")
        }
        try write(.crystal(sample.crystal), id: id, properties: [("terminated", sample.isTerminated ? "T" : "F")])
    }

    /// Writes a relaxed structure; formats with energies have that of the whole cell, eV.
    /// - Throws: `OutputFileError` if the file cannot be written.
    func write(_ relaxed: StructureRelaxation.Relaxed, id: String) throws {
        try write(relaxed.output, id: id, properties: [("energy", "\(relaxed.energy)")])
    }

    /// Writes a crystal.
    ///
    /// - Parameter properties: further numbers, in formats that have a place for them.
    /// - Throws: `OutputFileError` if the file cannot be written.
    func write(_ crystal: Crystal, id: String, properties: [(key: String, value: String)]) throws {
        try write(.crystal(crystal), id: id, properties: properties)
    }

    private func write(
        _ input: StructureInput, id: String, properties: [(key: String, value: String)]
    ) throws {
        let text: String
        do throws(StructureFileError) {
            text = try StructureWriter.text(input, id: id, format: format, properties: properties)
        } catch {
            leftOut += 1
            return
        }
        if format == .csv, count == 0 { try put(StructureWriter.csvHeader) }
        switch format {
        case .json: try put((count == 0 ? "[\n" : ",\n") + text.trimmingCharacters(in: .newlines))
        case .poscar where count > 0:
            throw ToolFailure(
                "\(path) can hold one structure alone, and there are more: write them as .extxyz, .cif or .jsonl")
        default: try put(text)
        }
        count += 1
    }

    /// Hands on what was written so far, so that an interruption leaves it in the unfinished file.
    func flush() throws { try file.flush() }

    /// Ends the file and gives it its name. Where nothing was written, what stood there stays.
    func finish() throws {
        guard count > 0 else { return }
        if format == .json { try put("\n]\n") }
        try file.finish()
    }

    private func put(_ text: String) throws { try file.write(text.utf8) }
}
