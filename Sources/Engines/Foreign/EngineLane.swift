import Base
import Crystals
import Foundation
import Logging
import Potentials
import Synchronization
import Trajectories

/// One foreign engine: started when it is needed, started again when it ends, asked for a batch at a time.
///
/// A batch that goes wrong is tried again crystal by crystal, so that whatever is wrong with one costs the others
/// nothing but time. Several threads may share it: what they ask for is put together to batches.
final class EngineLane: Sendable {
    /// An engine that ends so often in a row before its hello cannot run here, nor one that fails twice as often
    /// without any answer before.
    private static let startLimit = 5
    /// After so many failures in a row the engine has to show that it can still evaluate what it could.
    private static let faultsBeforeTrial = 5
    /// A structure that is alone in an engine killed so often from outside is what gets it killed: by the system, for
    /// memory.
    private static let killsAlone = 5

    /// The structures of one caller.
    private final class Job: @unchecked Sendable {
        let structures: [Structure]
        let properties: PotentialProperties
        // Guarded by `condition`.
        var answer: Result<[EngineResult], RoleError>?

        init(_ structures: [Structure], _ properties: PotentialProperties) {
            self.structures = structures
            self.properties = properties
        }
    }

    // It lives as long as the engine whose lane it is.
    private unowned let engine: ForeignEngine
    private let settings: ForeignEngine.Settings
    private let logger: Logger
    private let condition = NSCondition()
    // Guarded by `condition`.
    nonisolated(unsafe) private var waiting: [Job] = []
    nonisolated(unsafe) private var isBusy = false
    // Used by whoever made the lane busy.
    nonisolated(unsafe) private var nextBatch: UInt64 = 1
    /// What the work in hand asks for.
    nonisolated(unsafe) private var asked = PotentialProperties.energy
    /// Starts in a row without a hello.
    nonisolated(unsafe) private var failedStarts = 0
    /// Failures in a row without an answer that can be used.
    nonisolated(unsafe) private var faults = 0
    /// The first structure that was evaluated.
    nonisolated(unsafe) private var witness: Structure?
    /// The most structures at a time; falls where the engine's memory does not take as many.
    nonisolated(unsafe) private var batchLimit: Int
    /// The process, also for those who only look at it or end it.
    private let current = Mutex<ForeignProcess?>(nil)
    private let isClosed = Atomic(false)

    init(_ engine: ForeignEngine, settings: ForeignEngine.Settings, logger: Logger) {
        self.engine = engine
        self.settings = settings
        self.logger = logger
        batchLimit = settings.batch
    }

    deinit { close() }

    /// Ends the engine; whoever waits for it gets an error.
    func close() {
        isClosed.store(true, ordering: .sequentiallyConsistent)
        current.withLock { $0?.end() }
    }

    var residentBytes: Int { current.withLock { $0?.residentBytes ?? 0 } }

    /// Evaluates structures, in their order; without any it makes sure that the engine runs. Blocks the calling thread.
    ///
    /// - Throws: ``RoleError`` if there is no engine here; no structure is at fault.
    func evaluate(
        _ structures: [Structure], _ properties: PotentialProperties
    ) throws(RoleError) -> [EngineResult] {
        let job = Job(structures, properties)
        condition.lock()
        waiting.append(job)
        while job.answer == nil {
            if isBusy {
                condition.wait()
                continue
            }
            let jobs = takeJobs()
            isBusy = true
            condition.unlock()
            let answer = Result { () throws(RoleError) in
                try work(jobs.flatMap(\.structures), jobs[0].properties)
            }
            condition.lock()
            isBusy = false
            var begin = 0
            for job in jobs {
                let range = begin..<begin + job.structures.count
                job.answer = answer.map { Array($0[range]) }
                begin = range.upperBound
            }
            condition.broadcast()
        }
        condition.unlock()
        return try job.answer?.get() ?? []
    }

    /// The oldest job, and those after it that fit into a batch with it.
    private func takeJobs() -> [Job] {
        var count = 0
        let first = waiting.first
        let taken = waiting.prefix { job in
            defer { count += job.structures.count }
            return job === first
                || (job.properties == first?.properties && count + job.structures.count <= batchLimit)
        }
        waiting.removeFirst(taken.count)
        return Array(taken)
    }

    // MARK: Work, by one thread at a time

    private func work(
        _ structures: [Structure], _ properties: PotentialProperties
    ) throws(RoleError) -> [EngineResult] {
        let identity = try running().1
        guard properties.isSubset(of: identity.properties) else {
            let problem = PotentialError.EngineProblem.failed("\(identity.name) does not give what was asked for")
            return structures.map { _ in .failure(.engine(problem)) }
        }
        asked = properties
        return try batches(structures)
    }

    private func batches(_ structures: [Structure]) throws(RoleError) -> [EngineResult] {
        var results: [EngineResult] = []
        while results.count < structures.count {
            let end = min(structures.count, results.count + batchLimit)
            results += try batch(Array(structures[results.count..<end]))
        }
        return results
    }

    private func batch(_ structures: [Structure]) throws(RoleError) -> [EngineResult] {
        let fault: EngineFault
        do throws(EngineFailure) { return try ask(structures) } catch {
            switch error {
            case .none(let error): throw error
            case .fault(let found): fault = found
            }
        }
        if structures.count == 1, fault.isSaidByTheEngine { return [.failure(.engine(fault.problem))] }
        if fault == .outOfMemory, structures.count > 1 {
            batchLimit = max(1, structures.count / 2)
            logger.notice(
                "the engine has not enough memory for \(structures.count) structures: from now on \(batchLimit)")
            return try batches(structures)
        }
        if structures.count > 1 {
            logger.warning("\(fault); trying the \(structures.count) crystals of the batch one by one")
        }
        var results: [EngineResult] = []
        for structure in structures { results.append(try alone(structure)) }
        return results
    }

    private func alone(_ structure: Structure) throws(RoleError) -> EngineResult {
        var kills = 0
        while true {
            do throws(EngineFailure) {
                guard let result = try ask([structure]).first else { continue }
                return result
            } catch {
                switch error {
                case .none(let error): throw error
                case .fault(.died(let death)) where death.isAmbiguous && kills + 1 < Self.killsAlone: kills += 1
                case .fault(let fault):
                    try tryWitness(after: fault)
                    let formula = structure.composition.reducedFormula
                    logger.warning("\(fault), alone with \(formula) of \(structure.atomCount) atoms: not measured")
                    return .failure(.engine(fault.problem))
                }
            }
        }
    }

    /// Finds out, after many failures in a row, whether the engine is at fault rather than the structures.
    ///
    /// - Throws: ``RoleError/work(_:)`` if it is.
    private func tryWitness(after fault: EngineFault) throws(RoleError) {
        guard faults >= Self.faultsBeforeTrial, let witness else { return }
        do throws(EngineFailure) { _ = try ask([witness]) } catch {
            if case .none(let error) = error { throw error }
            throw .work(
                "the engine failed \(faults) times in a row, the last time with a crystal that it measured before; "
                    + "\(fault)")
        }
    }

    /// Asks for a batch once.
    private func ask(_ structures: [Structure]) throws(EngineFailure) -> [EngineResult] {
        let (process, identity): (ForeignProcess, EngineIdentity)
        do throws(RoleError) { (process, identity) = try running() } catch { throw .none(error) }
        let batch = nextBatch
        nextBatch += 1
        do throws(EngineFault) {
            let request = EngineBatch(
                number: batch, structures: structures, properties: asked, identity: identity)
            let frame = try process.exchange(request.frame, limit: settings.timeLimit)
            let results = try request.results(in: frame)
            for case .failure(.engine(.notFinite)) in results { engine.count("not_finite") }
            faults = 0
            if witness == nil, let index = results.firstIndex(where: { (try? $0.get()) != nil }) {
                witness = structures[index]
            }
            return results
        } catch {
            if isClosed.load(ordering: .sequentiallyConsistent) { throw .none(.work("the worker leaves")) }
            engine.count(error.reason)
            if !error.isSaidByTheEngine {
                faults += 1
                do throws(RoleError) {
                    try restartLater(process, after: error, faults, limit: witness == nil ? 2 * Self.startLimit : .max)
                } catch { throw .none(error) }
            }
            throw .fault(error)
        }
    }

    /// The engine, started if none runs.
    private func running() throws(RoleError) -> (ForeignProcess, EngineIdentity) {
        while true {
            guard !isClosed.load(ordering: .sequentiallyConsistent) else { throw .work("the worker leaves") }
            if let process = current.withLock({ $0 }), process.death == nil, let identity = engine.identity {
                do throws(EngineFault) {
                    try process.checkSilence()
                    return (process, identity)
                } catch {
                    // It ended, or spoke, between two batches: no crystal has to do with it.
                    engine.count(error.reason)
                    logger.warning("\(error), between two batches; starting it again")
                    try restartLater(process, after: error, 1, limit: .max)
                }
            }
            try start()
        }
    }

    private func start() throws(RoleError) {
        let process = try ForeignProcess(engine.command, logger: logger)
        let old = current.withLock { current in
            defer { current = process }
            return current
        }
        old?.end()
        if isClosed.load(ordering: .sequentiallyConsistent) { process.end() }
        do throws(EngineFault) {
            let hello = EngineFrameWriter().frame([
                ("druse_engine", .integer(EngineIdentity.protocolNumber)), ("kind", .text("hello")),
                ("device", .text(settings.device)),
            ])
            let identity = try EngineIdentity(process.exchange(hello, limit: settings.startLimit).header)
            try engine.adopt(identity)
            failedStarts = 0
        } catch {
            guard !isClosed.load(ordering: .sequentiallyConsistent) else { throw .work("the worker leaves") }
            engine.count(error.reason)
            if case .unfit = error, engine.identity == nil {
                process.end()
                current.withLock { $0 = nil }
                throw .cannotGoOn("\(engine.command.words[0]): \(error)")
            }
            logger.warning("\(error), before its first answer\(lastWords(of: process))")
            failedStarts += 1
            try restartLater(process, after: error, failedStarts, limit: Self.startLimit)
        }
    }

    /// Ends what is left of an engine and waits, longer from failure to failure.
    ///
    /// - Parameter failures: in a row.
    /// - Throws: ``RoleError/work(_:)`` if they reach the limit.
    private func restartLater(
        _ process: ForeignProcess, after fault: EngineFault, _ failures: Int, limit: Int
    ) throws(RoleError) {
        process.end()
        current.withLock { $0 = nil }
        guard failures < limit else {
            throw .work(
                "the engine \(engine.command.words[0]) failed \(failures) times in a row; the last time: "
                    + "\(fault)\(lastWords(of: process))")
        }
        let pause = settings.pause * min(1 << min(failures - 1, 10), 100)
        let deadline = Moment.now.advanced(by: pause)
        // A pause between two starts, not a wait for something; short looks, so that closing is not held up.
        while Moment.now < deadline, !isClosed.load(ordering: .sequentiallyConsistent) { usleep(2000) }
    }

    private func lastWords(of process: ForeignProcess) -> String {
        let line = process.messages.lastLine
        return line.isEmpty ? "" : "; it said last: \(line)"
    }
}

/// What an engine makes of a structure.
typealias EngineResult = Result<PotentialEvaluation, PotentialError>

/// Why there is no answer to a batch.
private enum EngineFailure: Error {
    /// There is no engine here.
    case none(RoleError)
    /// The batch, or the engine with it, went wrong.
    case fault(EngineFault)
}
