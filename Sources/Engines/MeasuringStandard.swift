package import Crystals
internal import Potentials
package import Stability

/// What the crystals of a run are measured by, as far as its learner needs to know: it judges, and has an engine of its
/// own only where the potential is a native one.
package struct MeasuringStandard: Sendable {
    /// For records, such as "chgnet-0.3.0" and the digest of its weights, or "external mace-mp-0".
    package let potentialLabel: String
    /// What the potential must be on resume: the digest of its weights, or its name if reward workers bring it.
    package let potentialDigest: String
    package let hullDigest: String
    /// What is added to energies whose convention asks for it; nil if nothing ever is.
    package let correction: EnergyAlignment?
    /// The elements that have a reference energy, without which there is no height; nil: there is no hull.
    package let referencedElements: Set<Element>?
    /// The elements that the potential has energies of; nil: its workers know.
    package let knownElements: Set<Element>?

    /// - Parameters:
    ///   - potential: one of ``PotentialSource/names``, `external NAME` or a file.
    ///   - hull: `default`, a file, or ``HullSource/none``.
    /// - Throws: ``ModelError`` if one cannot be opened, or they do not fit together.
    package init(potential: String, hull: String) throws(ModelError) {
        let reference = try HullSource.loadAny(hull)
        hullDigest = reference?.digest ?? HullSource.none
        referencedElements = reference.map { Set($0.referencedElements) }
        if case .external(let name) = PotentialName(potential) {
            guard !name.isEmpty else {
                throw ModelError("potential: `external` needs the name of an engine: external NAME")
            }
            potentialDigest = PotentialName.externalPrefix + name
            potentialLabel = potentialDigest
            knownElements = nil
            // Its convention is known to the workers that bring it.
            correction = reference?.convention == .mp2020Corrected ? .mp2020 : nil
            return
        }
        let model = try PotentialSource.load(potential)
        if let reference { try HullSource.check(reference, isFor: model) }
        potentialDigest = model.digest
        knownElements = Set(Element.all.filter { model.knows($0) })
        potentialLabel = "\(model.name) \(model.digest)"
        let alignment = EnergyAlignment(of: model.energyConvention, on: reference)
        correction = alignment == .asTheyAre ? nil : alignment
    }

    /// What a potential must be on resume.
    package static func digest(ofPotential name: String) throws(ModelError) -> String {
        if let engine = PotentialName(name).externalName { return PotentialName.externalPrefix + engine }
        return try PotentialSource.load(name).digest
    }

    /// What names potential and hull in checkpoints.
    package var digests: EngineDigests { EngineDigests(potential: potentialDigest, hull: hullDigest) }
}
