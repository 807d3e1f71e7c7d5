/// Who a peer is.
package struct PeerDescription: Sendable, Hashable, CustomStringConvertible {
    package var role: PeerRole
    package var host: String
    package var process: Int
    package var build: String
    package var threads: Int
    /// What whoever started it calls it, such as a task of a job array; empty: its host stands for it.
    package var title: String
    /// Where it serves its metrics, "HOST:PORT"; empty: nowhere.
    package var metrics = ""
    /// The processor whose kernels it computes with, such as "SkylakeX"; empty: it does not say, or no number that it
    /// sends depends on them.
    package var kernels = ""

    package init(role: PeerRole, host: String, process: Int, build: String, threads: Int, title: String = "") {
        self.role = role
        self.title = title
        self.host = host
        self.process = process
        self.build = build
        self.threads = threads
    }

    /// "host:process", or "title:process".
    package var name: String { "\(title.isEmpty ? host : title):\(process)" }

    package var description: String { "\(role.rawValue) \(name)" }

    /// What to say of a peer of another build than the learner's; nil if it is the same.
    package func difference(fromBuild own: String) -> String? {
        guard build != own else { return nil }
        return "\(self) is of build \(build), the learner of \(own): its results may be other ones; "
            + "install one build everywhere"
    }

    /// What to say of a peer that computes with kernels of another processor than the learner's; nil if it is the same.
    package func difference(fromKernels own: String) -> String? {
        guard !kernels.isEmpty, kernels != own else { return nil }
        return "\(self) computes with OpenBLAS for \(kernels), the learner with that for \(own): last digits may "
            + "differ, so that another fleet need not give the same weights from the same seed"
    }
}

/// What a peer is there for.
package enum PeerRole: String, Sendable, Hashable, CaseIterable {
    case actor
    case rewardWorker = "reward-worker"
    /// Has items measured by the reward workers.
    case evaluation
    /// Hands on weights and files to others.
    case relay
}
