internal import Base
internal import Foundation

extension PropertyHead {
    /// The heads that come with the program.
    package enum Embedded: String, CaseIterable, Sendable {
        /// `band_gap`, eV.
        case bandGap = "band-gap"
        /// `dielectric_total`, no unit.
        case dielectricTotal = "dielectric-total"
        /// `dielectric_electronic`, no unit.
        case dielectricElectronic = "dielectric-electronic"
    }

    /// A head that comes with the program.
    /// - Throws: `modelUnreadable` if the program's resources are not where the build put them.
    package static func embedded(_ name: Embedded) throws(PotentialError) -> PropertyHead {
        let path = "Resources/heads/\(name.rawValue)"
        guard let url = Bundle.module.url(forResource: path, withExtension: "safetensors") else {
            throw .modelUnreadable(path: path + ".safetensors", reason: "it is missing from the program's resources")
        }
        return try PropertyHead(contentsOf: url)
    }
}
