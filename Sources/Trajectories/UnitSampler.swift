/// Samples work units with a policy; what an actor runs.
///
/// `load` is called before the first `sample` and never while one runs; `sample` may be called from several threads at
/// once.
package protocol UnitSampler: Sendable {
    /// Takes new weights into use.
    ///
    /// - Parameters:
    ///   - policy: The policy to sample with: the bytes that the trainer gave out.
    ///   - reference: The frozen reference policy; often unchanged.
    func load(policy: Blob, reference: Blob, version: PolicyVersion) throws

    /// Samples the crystals of a unit, in order, under ids `unit.crystalIDs`.
    ///
    /// - Throws: What keeps the unit from being sampled at all; a bad crystal is a result, not an error.
    func sample(_ unit: WorkUnit) throws -> [SampledCrystal]
}
