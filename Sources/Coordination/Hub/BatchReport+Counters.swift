import Trajectories

extension BatchReport {
    /// Takes the counts of the batch from those of the hub at its begin and its end.
    mutating func count(from begin: HubCounters, to end: HubCounters) {
        unitsGranted = end.unitsGranted - begin.unitsGranted
        unitsRegranted = end.unitsRegranted - begin.unitsRegranted
        tasksRequeued = end.tasksRequeued - begin.tasksRequeued
        tasksSpeculated = end.tasksSpeculated - begin.tasksSpeculated
        duplicates = end.duplicateUnits + end.duplicateOutcomes - begin.duplicateUnits - begin.duplicateOutcomes
        audited = end.audited - begin.audited
        disputed = end.disputed - begin.disputed
        stale = end.staleCrystals - begin.staleCrystals
        abandoned = end.abandonedCrystals - begin.abandonedCrystals
    }
}
