package import Crystals

/// Something to measure: an item of a job.
package struct WorkItem: Sendable, Hashable, CustomStringConvertible {
    package enum Form: Sendable, Hashable {
        /// With its sites; whether the policy ended it itself, rather than running out of them.
        case crystal(Crystal, isTerminated: Bool)
        /// Every atom of a cell, for evaluations.
        case atoms(Structure)
    }

    /// The job, such as a policy version of a fine-tuning run.
    package var job: Int
    /// The item's number in the job, from 0.
    package var index: Int
    package var form: Form

    package init(job: Int, index: Int, form: Form) {
        self.job = job
        self.index = index
        self.form = form
    }

    package init(job: Int, index: Int, crystal: Crystal, isTerminated: Bool) {
        self.init(job: job, index: index, form: .crystal(crystal, isTerminated: isTerminated))
    }

    /// The crystal with its sites; nil for bare atoms.
    package var crystal: Crystal? {
        if case .crystal(let crystal, _) = form { crystal } else { nil }
    }

    package var composition: Composition {
        switch form {
        case .crystal(let crystal, _): crystal.composition
        case .atoms(let structure): structure.composition
        }
    }

    /// "job-index", for logs.
    package var description: String { "\(job)-\(index)" }
}
