import Coordination
import FleetFixtures
import Testing
import Trajectories

/// What the loss of a worker costs, by an event simulation of the queue and the threads that empty it.
@Suite struct WorkerLossTests {
    private static let threads = 32

    private struct Finish {
        var time: Double
        var worker: Int
        var task: TaskQueue.TaskID
        var crystals: [CrystalID]
    }

    private struct Worker {
        var backlog: [(task: TaskQueue.TaskID, crystals: [CrystalID])] = []
        var busy = 0
        var isAlive = true
        let instance: InstanceID
    }

    /// Seconds until all crystals are scored by workers of 32 threads.
    ///
    /// - Parameters:
    ///   - seconds: The service time of the crystal at a place in the batch.
    ///   - killAt: When the first worker dies; the hub learns of it after the whole liveness, 10 s, of silence.
    private func duration(
        workers count: Int, crystals: Int, killAt: Double?, seconds: (Int) -> Double
    ) throws -> Double {
        let configuration = try Toys.configuration()
        var queue = TaskQueue(lease: HubTiming().taskLease, crystalsPerTask: 4)
        for start in stride(from: 0, to: crystals, by: 1024) {
            let unit = WorkUnit(
                runSeed: configuration.runSeed, version: 0, unit: start / 1024, crystalCount: 1024)
            queue.add(try Toys.crystals(of: unit))
        }
        var workers = (0..<count).map { Worker(instance: InstanceID(UInt64($0 + 1))) }
        var finishes: [Finish] = []
        var time = 0.0
        var isReleased = killAt == nil

        func fill(_ index: Int) {
            guard workers[index].isAlive else { return }
            while queue.held(by: workers[index].instance) < Self.threads + 1,
                let (task, crystals) = queue.lease(
                    to: workers[index].instance, now: Toys.begin.advanced(by: .seconds(time)))
            {
                workers[index].backlog.append((task, crystals.map(\.id)))
            }
            while workers[index].busy < Self.threads, !workers[index].backlog.isEmpty {
                let (task, crystals) = workers[index].backlog.removeFirst()
                workers[index].busy += 1
                let end = time + crystals.reduce(0) { $0 + seconds($1.unit * 1024 + $1.index) }
                finishes.append(Finish(time: end, worker: index, task: task, crystals: crystals))
            }
        }

        for index in workers.indices { fill(index) }
        while queue.openCount > 0 {
            let next = finishes.map(\.time).min() ?? .infinity
            if let killAt, workers[0].isAlive, killAt < next {
                workers[0].isAlive = false
                finishes.removeAll { $0.worker == 0 }
                continue
            }
            if let killAt, !isReleased, killAt + 10 < next {
                time = killAt + 10
                isReleased = true
                _ = queue.release(workers[0].instance)
                for index in workers.indices { fill(index) }
                continue
            }
            guard let place = finishes.indices.min(by: { finishes[$0].time < finishes[$1].time }) else {
                throw ToyError.missing
            }
            let finish = finishes.remove(at: place)
            time = finish.time
            workers[finish.worker].busy -= 1
            _ = queue.deliver(finish.task, results: finish.crystals, from: workers[finish.worker].instance)
            fill(finish.worker)
        }
        return time
    }

    @Test(arguments: [2.0, 14.0])
    func oneOfFourWorkersKilled_costsItsShareAndNoMore(killAt: Double) throws {
        // A second each; and spread as measured for CHGNet on crystals of 2 to 60 atoms, with a mean of a second.
        for spread in [0.0, 1.8] {
            let seconds: (Int) -> Double = { 1 - spread / 2 + spread * Double(($0 &* 7919) % 1000) / 999 }
            let undisturbed = try duration(workers: 4, crystals: 4096, killAt: nil, seconds: seconds)
            let disturbed = try duration(workers: 4, crystals: 4096, killAt: killAt, seconds: seconds)
            // The work left at the kill is done by three quarters of the threads.
            let share = (undisturbed - killAt) / 3
            let task = 4 * (1 + spread / 2)
            #expect(undisturbed < 32 + 2 * task)
            #expect(disturbed <= undisturbed + share + 2 * task, "\(undisturbed) s, then \(disturbed) s")
            if killAt >= 14 { #expect(disturbed <= 1.2 * undisturbed + task) }
        }
    }
}
