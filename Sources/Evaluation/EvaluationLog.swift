internal import Base
package import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The crystals that an evaluation has measured, in a file of JSON lines: an evaluation that was interrupted goes on
/// from there.
///
/// Safe to use from any thread.
package final class EvaluationLog: @unchecked Sendable {
    private let url: URL
    private let file: FileHandle
    /// Of an earlier life; never changed after the start.
    private var known: [String: EvaluatedCrystal] = [:]
    /// Who judged them, where that is noted. Guarded by `lock`.
    private var judge: String?
    /// Lines that cannot be read; their crystals are measured again. Never changed after the start.
    package private(set) var damagedLines = 0
    // Guarded by `lock`.
    private let encoder = JSONEncoder()
    private var problem: Problem?
    private let lock = NSLock()

    /// Why a log cannot be used.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    /// Opens a log, or begins one.
    ///
    /// - Parameters:
    ///   - settings: what decides the measurements, in words; another evaluation's log is refused.
    /// - Throws: ``Problem``.
    package init(_ url: URL, settings: String) throws {
        self.url = url
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        file = try Self.opened(url)
        var length = 0
        let header = try encoder.encode(Header(settings: settings))
        // One that was killed in its first line has nothing to go on from.
        if let data = try? Data(contentsOf: url), !header.starts(with: data) {
            let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            if let first = lines.first, !first.isEmpty {
                guard let found = try? JSONDecoder().decode(Header.self, from: first) else {
                    throw Problem(description: "\(url.path) is not the log of an evaluation; name another folder")
                }
                guard found.settings == settings else {
                    let (there, here) = Self.differences(found.settings, settings)
                    throw Problem(
                        description: "\(url.path) is the log of another evaluation: there \(there), here \(here); name "
                            + "another folder, or evaluate as before")
                }
                length = first.count + 1
                // The last line of a killed process is cut short, or lacks its end. Others stay, whatever is in them.
                for line in lines.dropFirst().dropLast() {
                    length += line.count + 1
                    if let crystal = try? JSONDecoder().decode(EvaluatedCrystal.self, from: line) {
                        known[crystal.id] = crystal
                    } else if let line = try? JSONDecoder().decode(JudgeLine.self, from: line) {
                        judge = line.judge
                    } else {
                        damagedLines += 1
                    }
                }
            }
        }
        do {
            try file.truncate(atOffset: UInt64(length))
            try file.seekToEnd()
            if length == 0 { try write(Header(settings: settings)) }
        } catch {
            throw Problem(description: "\(url.path): \(FileProblem.reason(of: error))")
        }
    }

    deinit { try? file.close() }

    private struct Header: Codable {
        let settings: String
    }

    private struct JudgeLine: Codable {
        let judge: String
    }

    /// The file, made if there is none, and locked as long as it is open.
    private static func opened(_ url: URL) throws(Problem) -> FileHandle {
        let descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw Problem(description: "cannot write \(url.path): \(FileProblem.reason(ofCode: errno))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
            close(descriptor)
            throw Problem(
                description: "\(url.path) is in use by another evaluation: wait until it ends, or name another folder")
        }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// The parts of settings that differ, in words: "seed 1" and "seed 2".
    private static func differences(_ one: String, _ other: String) -> (String, String) {
        func parts(_ text: String) -> [String] {
            text.replacing(", ", with: "\n").split(separator: "\n").map(String.init)
        }
        func shown(_ parts: [String]) -> String {
            // Of a value that is printed with its type the last name counts.
            let plain = parts.map { part in
                String((part.split(separator: "(").last ?? "").filter { !"[]()".contains($0) }.prefix(80))
            }
            return plain.isEmpty ? "nothing of that" : plain.joined(separator: ", ")
        }
        let (a, b) = (parts(one), parts(other))
        return (shown(a.filter { !b.contains($0) }), shown(b.filter { !a.contains($0) }))
    }

    /// How many crystals an earlier life measured.
    package var count: Int { known.count }

    func crystal(_ id: String) -> EvaluatedCrystal? { known[id] }

    /// Notes who judges.
    ///
    /// - Throws: ``Problem`` where somebody else has judged an earlier life's crystals.
    package func note(judge identity: String) throws(Problem) {
        let other = lock.withLock { () -> String? in
            if let judge { return judge == identity ? nil : judge }
            judge = identity
            do { try write(JudgeLine(judge: identity)) } catch {
                problem = problem ?? Problem(description: "\(url.path): \(FileProblem.reason(of: error))")
            }
            return nil
        }
        guard let other else { return }
        throw Problem(
            description: "\(url.path) is the log of another evaluation: its second judge was \(other), and is "
                + "\(identity) here; name another folder, or evaluate as before")
    }

    /// Notes a crystal that is measured, in the place of an earlier line of its name; what goes wrong tells
    /// ``check()``.
    func note(_ crystal: EvaluatedCrystal) {
        lock.withLock {
            guard problem == nil else { return }
            do { try write(crystal) } catch {
                problem = Problem(description: "\(url.path): \(FileProblem.reason(of: error))")
            }
        }
    }

    /// Notes crystals that are measured.
    package func append(_ crystals: [EvaluatedCrystal]) throws(Problem) {
        for crystal in crystals { note(crystal) }
        try check()
    }

    /// - Throws: ``Problem`` if a crystal could not be noted.
    func check() throws(Problem) {
        if let problem = lock.withLock({ problem }) { throw problem }
    }

    private func write(_ value: some Encodable) throws {
        var line = try encoder.encode(value)
        line.append(UInt8(ascii: "\n"))
        try file.write(contentsOf: line)
    }
}
