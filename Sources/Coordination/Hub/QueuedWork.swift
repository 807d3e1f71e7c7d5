package import Trajectories

/// Something to measure for somebody else than the run, such as an evaluation.
package struct QueuedWork: QueuedItem, Hashable {
    /// Its number, which no other has in the hub's life.
    package let number: Int
    /// The recipe, by its place in the hub's list.
    package let recipe: Int
    package let item: WorkItem

    package init(number: Int, recipe: Int, item: WorkItem) {
        self.number = number
        self.recipe = recipe
        self.item = item
    }

    package var id: CrystalID { CrystalID(version: 0, unit: 0, index: number) }
}

/// What came of it.
package struct FinishedWork: Sendable, Hashable {
    package let number: Int
    package let result: MeasuringResult
}
