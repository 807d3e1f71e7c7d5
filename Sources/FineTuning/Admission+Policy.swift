package import Coordination
package import Policy

extension Admission {
    /// The limits of a run: what its policy can sample.
    package init(policy: PolicyConfiguration) {
        self.init()
        maximumSites = policy.maximumSites
        atomTypes = policy.atomTypes
    }
}
