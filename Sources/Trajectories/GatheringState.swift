/// What the gathering of batches holds between two steps: the part of it that a checkpoint keeps.
package struct GatheringState: Sendable, Hashable, Codable {
    /// How batches are gathered, such as `exact_version`.
    package var kind: String
    /// The step whose batch comes next.
    package var nextStep: Step
    /// The crystals that have their outcomes and wait for a step, in the order in which they got them.
    package var held: [CrystalID]

    package init(kind: String, nextStep: Step, held: [CrystalID] = []) {
        self.kind = kind
        self.nextStep = nextStep
        self.held = held
    }
}
