import Crystals

extension ReducedCell {
    /// The reduced cell of one that atoms interact in.
    /// - Throws: `nonFiniteGeometry`, `degenerateCell`.
    init(of given: Cell) throws(PotentialError) {
        do throws(ReducedCell.Problem) { try self.init(given) } catch {
            switch error {
            case .vectorOutOfRange(let vector):
                throw .nonFiniteGeometry("the cell vector (\(vector.x), \(vector.y), \(vector.z)) Å")
            case .degenerate: throw .degenerateCell(volume: given.volume)
            }
        }
    }
}

func dot(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> Double { (u * v).sum() }

extension SIMD3<Double> {
    var squaredLength: Double { dot(self, self) }
    var length: Double { squaredLength.squareRoot() }
}
