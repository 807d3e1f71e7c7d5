internal import Rewards
internal import Trajectories

/// What a number that a model predicts or an engine answers with may be called in a run.
package enum QuantityName {
    /// What speaks against a quantity of this name, as the end of a sentence; nil if nothing.
    package static func problem(of name: String) -> String? {
        let quantity = Measurement.Quantity(rawValue: name)
        if TermSource.problem(ofName: name) != nil {
            return "which is no lower-case name of at most 64 letters, digits and _ that begins with a letter"
        }
        if quantity.isMeasured { return "which every run measures itself" }
        if TermSource.computedNames.contains(name) { return "which is what a reward computes of the crystal itself" }
        if Measurement.Quantity.archiveNames.contains(name) {
            return "which every run's archive has as a name of its own"
        }
        return Measurement.Quantity.exportNames.contains(name) ? "which exports have as a name of their own" : nil
    }
}
