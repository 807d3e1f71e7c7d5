/// Which potential and hull the rewards of a run come from, by digest; nil where an older build did not say.
package struct EngineDigests: Codable, Sendable, Hashable {
    package var potential: String?
    package var hull: String?

    package init(potential: String? = nil, hull: String? = nil) {
        self.potential = potential
        self.hull = hull
    }

    /// How `found` differs from these, with both digests; nil if it does not, as far as both are known.
    package func difference(from found: EngineDigests) -> String? {
        for (kind, own, other) in [("potential", potential, found.potential), ("hull", hull, found.hull)] {
            guard let own, let other, own != other else { continue }
            return "it was trained with another \(kind) (digest \(other)) than this run's (digest \(own))"
        }
        return nil
    }
}
