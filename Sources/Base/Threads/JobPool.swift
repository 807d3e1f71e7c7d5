/// Threads that do a role's work while its I/O thread goes on talking to the hub.
package final class JobPool<Job: Sendable, Output: Sendable>: Sendable {
    private let jobs: Mailbox<Job>
    private let outputs: Mailbox<Output>
    private let threads: [RoleThread]

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - wakeup: Signalled at each output.
    ///   - makeWorker: Called once on each thread; what it returns is used on that thread alone.
    package init(
        name: String, threads: Int, wakeup: Wakeup, makeWorker: @escaping @Sendable () -> (Job) -> Output
    ) {
        // The cores have at most one job a thread under way; one that is taken back late, or the preparation, adds a
        // few.
        let jobs = Mailbox<Job>(capacity: 4 * threads + 4)
        let outputs = Mailbox<Output>(capacity: 8 * threads + 8, wakeup: wakeup)
        self.jobs = jobs
        self.outputs = outputs
        self.threads = (0..<threads).map { index in
            RoleThread(name: "\(name) \(index)") {
                let work = makeWorker()
                while !jobs.isExhausted {
                    guard let job = jobs.receive(timeout: .seconds(60)) else { continue }
                    outputs.post(work(job), bounded: "every output is of a job that had room")
                }
            }
        }
    }

    /// Hands out a job; once the pool is closed, it is not done.
    ///
    /// - Precondition: At most four jobs a thread wait.
    package func submit(_ job: Job) {
        jobs.post(job, bounded: "a core has at most one job a thread under way")
    }

    /// What was done since the last call.
    package func takeOutputs() -> [Output] { outputs.takeAll() }

    /// Lets the threads end after the job in hand; false if that takes longer than `timeout`.
    @discardableResult
    package func close(timeout: Duration) -> Bool {
        _ = jobs.takeAll()
        jobs.close()
        let deadline = Moment.now.advanced(by: timeout)
        var ended = true
        for thread in threads where !thread.join(timeout: max(.zero, Moment.now.duration(to: deadline))) {
            ended = false
        }
        return ended
    }
}
