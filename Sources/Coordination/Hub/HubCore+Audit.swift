import Base
import Protocol
import Trajectories

// Some measurements are made again by another worker, so that one that measures wrongly is found.
extension HubCore {
    /// The ids of tasks beyond this, and up to those of other work, are of audits.
    static let auditTasks: UInt64 = 1 << 61

    static func isAudit(_ task: UInt64) -> Bool { task > auditTasks && task <= otherTasks }

    /// Has a crystal measured again, by chance, if there is somebody else to do so.
    mutating func mayAudit(_ id: CrystalID, _ outcome: Outcome, by peer: Peer) {
        let share = configuration.audit.share
        if case .failed = outcome { return }
        // Chance first: of a hundred crystals one has to be looked up.
        guard share > 0, draw() < share, !audit.isFull, hasOther(than: [peer.instance]),
            let crystal = crystal(id)
        else { return }
        audit.begin(id, with: .init(worker: peer.instance, name: peer.description.name, outcome: outcome))
        audits.add([AuditedCrystal(id: id, item: item(crystal))], excluding: [peer.instance])
    }

    private func crystal(_ id: CrystalID) -> SampledCrystal? {
        place(of: id.version).flatMap { versions[$0].crystals[id] }
    }

    private func hasOther(than workers: Set<InstanceID>) -> Bool {
        !peers.available(.measuring(0)).isSubset(of: workers)
    }

    /// Takes in what a worker made of crystals under audit.
    mutating func takeAudit(_ result: TaskResult, from peer: Peer, now: Moment) {
        let place = audits.asked(result.task, of: peer.instance)
        if case .ofAnEarlierBatch = place {
            peers.giveTurn(to: peer.session)
            return leaseTasks(now: now)
        }
        guard case .crystals(let asked) = place, asked.count == result.results.count else {
            counters.foreignOutcomes += result.results.count
            reject("foreign-task", detail: "\(peer.description) sent results of a task that it never held")
            return
        }
        let delivery = audits.deliver(result.task, results: asked, from: peer.instance, now: now)
        for (id, result) in zip(asked, result.results) where delivery.accepted.contains(id) {
            let answer = MeasurementAudit.Answer(
                worker: peer.instance, name: peer.description.name, outcome: result.outcome)
            judge(audit.add(answer, of: id), of: id, now: now)
        }
        peers.giveTurn(to: peer.session)
        leaseTasks(now: now)
    }

    private mutating func judge(_ verdict: MeasurementAudit.Verdict, of id: CrystalID, now: Moment) {
        switch verdict {
        case .open: return
        case .agreed: counters.audited += 1
        case .disputed(let one, let other):
            counters.audited += 1
            counters.disputed += 1
            warn("reward workers disagree about crystal \(id): \(text(one)); \(text(other))")
            askAThird(about: id)
        case .alone(let answer, let others):
            // Of one that is gone nothing more has to be said.
            guard let peer = peers.peer(of: answer.worker) else { return }
            let count = audit.strike(answer.worker)
            let names = others.map(\.name).joined(separator: " and ")
            warn(
                "\(answer.name) is alone with what it measured of crystal \(id): \(names) agree "
                    + "(\(count) of \(MeasurementAudit.strikes))")
            guard count >= MeasurementAudit.strikes else { return }
            refuse(peer, "it measured \(count) crystals otherwise than two others, who agreed", now: now)
        case .undecided(let answers):
            warn("three reward workers disagree about crystal \(id): " + answers.map(text).joined(separator: "; "))
        }
    }

    private mutating func askAThird(about id: CrystalID) {
        let workers = audit.workers(of: id)
        guard hasOther(than: workers), let crystal = crystal(id) else {
            audit.abandon(id)
            return
        }
        audits.add([AuditedCrystal(id: id, item: item(crystal))], excluding: workers)
    }

    private func text(_ answer: MeasurementAudit.Answer) -> String {
        switch answer.outcome {
        case .invalid(let reason): return "\(answer.name) finds it invalid (\(reason.rawValue))"
        case .failed(let failure): return "\(answer.name) failed (\(failure.reason))"
        case .measured(let measurement):
            func text(_ value: Double) -> String { "\((value * 1e6).rounded() / 1e6)" }
            let energy = measurement[.energyPerAtom].map { "\(text($0)) eV/atom" } ?? "no energy"
            let height = measurement[.energyAboveHull].map { ", \(text($0)) above the hull" } ?? ""
            return "\(answer.name) has \(energy)\(height)"
        }
    }
}
