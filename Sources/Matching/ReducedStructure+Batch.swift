package import Base
package import Crystals

extension ReducedStructure {
    /// Reduces structures on all threads of a team; in their order.
    package static func reduce(
        _ structures: [Structure], team: ThreadTeam
    ) -> [Result<ReducedStructure, MatchingError>] {
        team.map(structures) { structure, _ in
            Result { () throws(MatchingError) in try ReducedStructure(structure) }
        }
    }
}
