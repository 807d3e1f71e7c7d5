package import Configuration
internal import Engines

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
        return isName ? nil : "is \"\(name)\"; it must be a lower-case name of at most 32 letters, digits and _"
    }

    /// The files, not the name.
    package func mappingText(_ transform: (String) -> String) -> JudgeConfiguration {
        var mapped = self
        mapped.potential = transform(potential)
        mapped.hull = transform(hull)
        return mapped
    }
}
