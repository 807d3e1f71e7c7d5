internal import Base
internal import Crystals
internal import Foundation
internal import Matching

/// 1 for a crystal that no crystal of an index matches, else 0 (pymatgen's StructureMatcher at its defaults, as
/// ``StructureMatcher`` has it); none for one that cannot be compared.
struct NoveltySource: ComputedSource {
    private let known: KnownCrystals

    /// - Parameter place: a file of `druse index`, or the name of the embedded index.
    init(place: String) throws(JudgingError) {
        do throws(KnownCrystalsError) {
            known =
                place == RewardTerm.KnownPlace.embedded
                ? try KnownCrystals.embedded() : try KnownCrystals.open(URL(filePath: place))
        } catch { throw JudgingError("term novelty: \(error)") }
    }

    func numbers(of crystals: [JudgedCrystal], _ memory: RunMemory) throws(JudgingError) -> [Double?] {
        let team = ThreadTeam(threadCount: max(1, min(ThreadTeam.availableCores, crystals.count / 16)))
        let reduced = team.map(crystals) { crystal, _ in
            (try? crystal.crystal.structure(cell: .primitive)).flatMap { try? ReducedStructure($0) }
        }
        do throws(KnownCrystalsError) {
            let matches = try known.firstMatches(of: reduced, team: team)
            return zip(reduced, matches).map { structure, match in structure == nil ? nil : match == nil ? 1 : 0 }
        } catch { throw JudgingError("term novelty: \(error)") }
    }
}
