package import Crystals

/// A crystal to measure: an item of a job.
package struct WorkItem: Sendable, Hashable, CustomStringConvertible {
    /// The job, such as a policy version of a fine-tuning run.
    package var job: Int
    /// The item's number in the job, from 0.
    package var index: Int
    package var crystal: Crystal
    /// Whether the policy ended the crystal itself, rather than running out of sites.
    package var isTerminated: Bool

    package init(job: Int, index: Int, crystal: Crystal, isTerminated: Bool) {
        self.job = job
        self.index = index
        self.crystal = crystal
        self.isTerminated = isTerminated
    }

    /// "job-index", for logs.
    package var description: String { "\(job)-\(index)" }
}
