import Base
import Crystals
import Engines
import Foundation
import Policy
import Trajectories

/// What an actor does with a unit: draws its crystals and takes their log-probabilities under the policy and under the
/// reference. Every thread draws units of its own, as in an actor.
struct ActorUnitBenchmark {
    /// Crystals of a unit, as the learner grants them.
    static let unitSize = 32

    private let sampler: PolicyUnitSampler
    private let threads: Int

    /// - Parameter groups: the space groups to draw; empty for the frequencies in the policy's metadata.
    init(policy: PolicyWeights, groups: [Int] = [], threads: Int) throws {
        sampler = try PolicyUnitSampler(settings: PeerSettings.text(SamplingSettings(spaceGroups: groups)))
        let blob = Blob(try policy.encoded())
        // Another reference than the policy, as after the first version.
        let reference = PolicyWeights(random: 2, configuration: policy.configuration)
        try sampler.load(policy: blob, reference: Blob(try reference.encoded()), version: 0)
        self.threads = threads
    }

    /// What a number of units took.
    struct Result {
        var crystals: Int
        var tokens: Int
        var seconds: Double
        /// Of all threads.
        var cpuSeconds: Double
        /// Pages that the system had to provide anew: memory that is allocated, cleared and given back.
        var pageFaults: Int
    }

    /// Draws units until the time is over.
    func run(minimumSeconds: Double) throws -> Result {
        let team = ThreadTeam(threadCount: threads)
        let round = 4 * threads
        try draw(0..<round, team)
        let start = ContinuousClock.now
        let before = Self.usage
        var result = Result(crystals: 0, tokens: 0, seconds: 0, cpuSeconds: 0, pageFaults: 0)
        var next = round
        repeat {
            for crystal in try draw(next..<(next + round), team) {
                result.crystals += 1
                result.tokens += 5 * crystal.crystal.sites.count + 1
            }
            next += round
            result.seconds = (ContinuousClock.now - start) / .seconds(1)
        } while result.seconds < minimumSeconds
        let after = Self.usage
        result.cpuSeconds = after.cpuSeconds - before.cpuSeconds
        result.pageFaults = after.pageFaults - before.pageFaults
        return result
    }

    @discardableResult
    private func draw(_ units: Range<Int>, _ team: ThreadTeam) throws -> [SampledCrystal] {
        let sampler = sampler
        return try team.map(Array(units)) { unit, _ in
            Swift.Result {
                try sampler.sample(
                    WorkUnit(
                        runSeed: 7, version: 0, unit: unit,
                        crystalCount: Self.unitSize))
            }
        }.flatMap { try $0.get() }
    }

    /// What this process has used so far.
    private static var usage: (cpuSeconds: Double, pageFaults: Int) {
        var usage = rusage()
        #if canImport(Glibc)
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        #else
            getrusage(RUSAGE_SELF, &usage)
        #endif
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return (seconds(usage.ru_utime) + seconds(usage.ru_stime), Int(usage.ru_minflt))
    }
}
