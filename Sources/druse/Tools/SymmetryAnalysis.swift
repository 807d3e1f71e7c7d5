import Base
import Crystals
import StructureFiles

/// Turns inputs into crystals: the space group and the sites that a policy sees.
struct SymmetryAnalysis: Sendable {
    private let team: ThreadTeam
    private let symmetryTolerance: Double

    /// - Parameter symmetryTolerance: Å.
    init(team: ThreadTeam, symmetryTolerance: Double) {
        self.team = team
        self.symmetryTolerance = symmetryTolerance
    }

    /// The crystal of each entry, in their order.
    func crystals(of entries: [StructureEntry]) -> [ToolAnswer<Crystal>] {
        let tolerance = symmetryTolerance
        return team.map(entries) { entry, _ in
            do throws(StructureFileError) {
                let crystal = try entry.input.get().crystal(symmetryTolerance: tolerance)
                return ToolAnswer(id: entry.id, result: .success(crystal))
            } catch {
                return ToolAnswer(id: entry.id, result: .failure(ToolFailure(error)))
            }
        }
    }
}
