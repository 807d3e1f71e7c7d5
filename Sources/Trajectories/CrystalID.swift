/// The name of a sampled crystal within a run: it is scored and trained on at most once under it.
package struct CrystalID: Sendable, Hashable, Comparable {
    /// The policy version that sampled it.
    package var version: PolicyVersion
    /// The work unit it belongs to.
    package var unit: Int
    /// Its place in the unit.
    package var index: Int

    package init(version: PolicyVersion, unit: Int, index: Int) {
        self.version = version
        self.unit = unit
        self.index = index
    }

    package static func < (left: CrystalID, right: CrystalID) -> Bool {
        (left.version, left.unit, left.index) < (right.version, right.unit, right.index)
    }
}

extension CrystalID: LosslessStringConvertible {
    /// "version-unit-index".
    package var description: String { "\(version)-\(unit)-\(index)" }

    /// A name as ``description`` writes it; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int($0) }
        guard parts.count == 3, numbers.count == 3 else { return nil }
        self.init(version: PolicyVersion(numbers[0]), unit: numbers[1], index: numbers[2])
    }
}

/// Encoded as its description.
extension CrystalID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = CrystalID(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is not a crystal's name")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
