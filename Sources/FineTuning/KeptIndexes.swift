internal import Archive
internal import Base
internal import Configuration
internal import Foundation
internal import Rewards

/// The indexes of known crystals that a run's reward looks through: the embedded one, or files of which the run's
/// directory keeps copies.
struct KeptIndexes: Sendable {
    /// The folder of the copies.
    let inputs: URL
    /// The files that the terms of the run name, in the order of the terms, each once.
    let places: [String]
    /// The digests of the copies, in their order; nil for a run of a build that kept none.
    let digests: [String]?

    init(inputs: URL, terms: [RewardTerm], digests: [String]?) {
        self.inputs = inputs
        self.digests = digests
        places = Self.places(of: terms)
    }

    private static func places(of terms: [RewardTerm]) -> [String] {
        terms.map(\.known).filter { $0 != RewardTerm.KnownPlace.embedded }
            .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private static func name(_ index: Int) -> String { "known-\(index + 1).index" }

    /// What a new run keeps, by its place in the run's directory, and the digests of that.
    ///
    /// - Throws: `ConfigurationError` for a file that cannot be read.
    static func contents(of terms: [RewardTerm]) throws -> (contents: [String: Data], digests: [String]?) {
        var contents: [String: Data] = [:]
        var digests: [String] = []
        for (index, place) in places(of: terms).enumerated() {
            let data = try data(of: place)
            contents["\(RunDirectory.inputsName)/\(name(index))"] = data
            digests.append(Digest(of: data).hexadecimal)
        }
        return (contents, digests.isEmpty ? nil : digests)
    }

    private static func data(of place: String) throws(ConfigurationError) -> Data {
        do { return try Data(contentsOf: URL(filePath: place)) } catch {
            throw ConfigurationError(
                source: "reward.terms[].known", problems: ["cannot read \(place): \(FileProblem.reason(of: error))"])
        }
    }

    /// Terms with the copies in the place of the files that they name.
    ///
    /// - Throws: `ConfigurationError` for a copy that is not what the run was begun with.
    func kept(_ terms: [RewardTerm]) throws -> [RewardTerm] {
        guard let digests else { return terms }
        return try terms.map { term in
            guard let index = places.firstIndex(of: term.known), index < digests.count else { return term }
            let copy = inputs.appending(path: Self.name(index))
            let found = (try? Data(contentsOf: copy)).map { Digest(of: $0).hexadecimal }
            guard found == digests[index] else {
                throw ConfigurationError(
                    source: copy.path,
                    problems: [
                        "is not the index of known crystals that the run was begun with (digest "
                            + "\(found ?? "none: it cannot be read"), expected \(digests[index])); restore the file"
                    ])
            }
            var term = term
            term.known = copy.path
            return term
        }
    }

    /// Terms with the name that the run has for an index in the place of other names for the same contents.
    func named(_ terms: [RewardTerm]) throws -> [RewardTerm] {
        guard let digests else { return terms }
        return try terms.map { term in
            guard term.known != RewardTerm.KnownPlace.embedded, !places.contains(term.known),
                let index = try digests.firstIndex(of: Digest(of: Self.data(of: term.known)).hexadecimal),
                index < places.count
            else { return term }
            var term = term
            term.known = places[index]
            return term
        }
    }
}
