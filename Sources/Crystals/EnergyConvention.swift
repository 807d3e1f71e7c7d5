/// What a potential's energies may be compared with: whether they carry the corrections that make energies of different
/// functionals and kinds of compounds comparable.
package enum EnergyConvention: String, Codable, Sendable, Hashable, CaseIterable {
    /// PBE and PBE+U with the MaterialsProject2020Compatibility corrections: belongs on a corrected hull as it is, and
    /// must not be corrected again.
    case mp2020Corrected = "mp2020-corrected"
    /// PBE and PBE+U as computed: needs the corrections, or a hull without them.
    case rawPBE = "raw-pbe"
    /// Another functional or an unknown one: comparable with energies of the same potential alone.
    case ownHullOnly = "own-hull-only"
}
