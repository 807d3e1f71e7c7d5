import Crystals

/// The images of a site under symmetry operations.
struct SiteOrbit {
    /// The site, moved onto the symmetry elements that it is on.
    let position: SIMD3<Double>
    /// All images in [0, 1), the first that of the identity.
    let images: [SIMD3<Double>]
    /// Two images nearer than this, Å, are one atom whose coordinates were rounded, or a mistake: nuclei never are.
    static let nearest = 0.2
    /// The distance of the nearest two images, Å, where it is below ``nearest``.
    let conflict: Double?

    /// - Parameters:
    ///   - site: as the file states it.
    ///   - tolerance: Å; images closer than this to the site are the site itself, and so are those which the decimals
    ///     written do not tell from it, up to ``nearest``.
    init(_ site: CIFSymmetryEvidence.Site, operations: [AffineOperation], cell: Cell, tolerance: Double = 0.02) {
        var near: [(difference: SIMD3<Double>, isClose: Bool)] = []
        for operation in operations {
            let difference = nearestImage(operation.apply(site.position) - site.position)
            let distance = cell.length(difference)
            if distance < tolerance {
                near.append((difference, true))
            } else if distance < SiteOrbit.nearest, site.explains(difference, of: operation) {
                near.append((difference, false))
            }
        }
        let close = near.filter(\.isClose)
        // A stated multiplicity decides between the two readings.
        func isStated(_ count: Int) -> Bool { site.multiplicity.map { $0 * count == operations.count } ?? false }
        let exact = close.filter { cell.length($0.difference) < 1e-3 }
        let isExact = isStated(exact.count) && !isStated(close.count) && !isStated(near.count)
        let isClose = isStated(close.count) || !operations.count.isMultiple(of: max(1, near.count))
        let kept = isExact ? exact : isClose ? close : near
        let shift = kept.reduce(SIMD3<Double>.zero) { $0 + $1.difference } / Double(max(1, kept.count))
        position = site.position + shift
        var images: [SIMD3<Double>] = []
        var nearest = SiteOrbit.nearest
        for operation in operations {
            let image = wrapped(operation.apply(position))
            var isNew = true
            for other in images {
                let distance = cell.length(nearestImage(other - image))
                if distance < (isExact ? 1e-3 : tolerance) {
                    isNew = false
                    break
                }
                nearest = min(nearest, distance)
            }
            if isNew { images.append(image) }
        }
        self.images = images
        conflict = nearest < SiteOrbit.nearest ? nearest : nil
    }
}
