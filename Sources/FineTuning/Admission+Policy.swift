package import Coordination
package import Policy

extension Admission {
    /// The limits of a run: what its policy can sample.
    package init(policy: PolicyConfiguration, constraint: Constraint = .none) {
        self.init()
        elements = constraint.elements
        minimumElements = constraint.minimumElements
        maximumSites = policy.maximumSites
        atomTypes = policy.atomTypes
    }
}
