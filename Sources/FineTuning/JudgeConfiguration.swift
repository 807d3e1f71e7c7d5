internal import Archive
package import Configuration
internal import Engines
internal import Stability
internal import Trajectories

/// A second opinion: a further potential that measures what the run's own has measured.
package struct JudgeConfiguration: ConfigurationRecord, Hashable {
    package var name = "judge"
    package var potential = ""
    package var hull = HullSource.none

    package init() {}

    package static let keys: [ConfigurationKey<JudgeConfiguration>] = [
        .init(
            "name", \.name, takes: .custom("a lower-case name") { problem(ofName: $0) },
            "what its quantities begin with: `judge_energy_per_atom`"),
        .init("potential", \.potential, "as the run's `potential`", isRequired: true),
        .init(
            "hull", \.hull,
            "what its heights are taken above: `none`, `default`, or a file of the potential's own energies"),
    ]

    private static func problem(ofName name: String) -> String? {
        let isName =
            (1...32).contains(name.utf8.count) && name.first.map { ("a"..."z").contains($0) } == true
            && name.utf8.allSatisfy {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                    || $0 == UInt8(ascii: "_")
            }
        if !isName {
            return
                "is \"\(name)\"; it must be a lower-case name of at most 32 letters, digits and _ that begins with a "
                + "letter"
        }
        return Measurement.Quantity.taken(byJudge: name).map { problem(ofName: name, beside: $0.rawValue) }
    }

    private static func problem(ofName name: String, beside taken: String) -> String {
        "is \"\(name)\", with which \(taken) begins, a quantity or name of the run's own; give the judge another name"
    }

    /// What speaks against its name beside names that a run has; nil if nothing.
    func problem(beside names: some Sequence<String>) -> String? {
        names.filter { $0.hasPrefix("\(name)_") }.min().map { Self.problem(ofName: name, beside: $0) }
    }

    /// Takes over the names of potential and hull where they stand for the same contents.
    ///
    /// - Parameter known: the digests of what the stored ones name.
    mutating func adoptNames(of stored: JudgeConfiguration, with known: RunManifest.Models?) throws {
        guard let known, name == stored.name else { return }
        if potential != stored.potential, let digest = known.potential,
            try MeasuringStandard.digest(ofPotential: potential) == digest
        {
            potential = stored.potential
        }
        if hull != stored.hull, hull != HullSource.none, stored.hull != HullSource.none, let digest = known.hull,
            try HullSource.load(hull).digest == digest
        {
            hull = stored.hull
        }
    }

    /// The files, not the name.
    package func mappingText(_ transform: (String) -> String) -> JudgeConfiguration {
        var mapped = self
        mapped.potential = transform(potential)
        mapped.hull = transform(hull)
        return mapped
    }
}
