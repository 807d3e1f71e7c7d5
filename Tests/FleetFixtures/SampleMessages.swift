import Base
import Coordination
package import Crystals
import Foundation
package import Protocol
package import Trajectories

/// One of each message, and more where it has variants; they never change: the compatibility fixture holds them.
package enum SampleMessages {
    package static func crystals(_ count: Int = 4) throws -> [SampledCrystal] {
        try Toys.crystals(of: WorkUnit(runSeed: 3, version: 2, unit: 1, crystalCount: count))
    }

    /// Two atoms in an oblique cell.
    package static func structure(orbits: [Int]? = [0, 1]) throws -> Structure {
        Structure(
            cell: Cell(a: SIMD3(0, 2.82, 2.8), b: SIMD3(2.82, -0.125, 2.82), c: SIMD3(2.82, 2.82, 0)),
            elements: try ["Na", "Cl"].map { try Toys.unwrapped(Element(symbol: $0)) },
            fractionalCoordinates: [SIMD3(0, 0.1, 1.25), SIMD3(0.5, -0.5, 0.5)], orbits: orbits)
    }

    package static func peer() throws -> [PeerMessage] {
        let digest = Digest(of: [1])
        let outcomes: [Outcome] = [
            .measured(Measurement(energyPerAtom: -3.25, energyAboveHull: 0.1)),
            .measured(
                Measurement(
                    [.energyPerAtom: -3.5], relaxedAtoms: RelaxedAtoms(structure: try structure(), end: "converged"))),
            .invalid(.atomsTooClose),
            .failed(.missingReference(try Toys.unwrapped(Element(symbol: "Pu")))), .failed(.engine("out of memory")),
        ]
        return [
            .hello(Hello(peer: Toys.peer(.rewardWorker), instance: .max)), .goodbye("bye"),
            .heartbeat(Readiness(window: 2, policy: digest, reference: digest)), .heartbeat(Readiness(window: 0)),
            .report(
                RoleReport(
                    intervalSeconds: 5, crystals: 10, busySeconds: 4, residentBytes: 1 << 30, version: 3, inFlight: 2,
                    logins: 1, resent: 0)),
            .manifestRequest(digest), .chunkRequest(digest, index: 3),
            .unitResult(
                UnitResult(run: "r", version: 2, unit: 1, policy: digest, crystals: try crystals(), seconds: 1.5)),
            .unitReturn(UnitReturn(version: 2, unit: 1, failed: true, reason: "why")),
            .taskResult(
                TaskResult(
                    epoch: 1, task: 2,
                    results: outcomes.map { MeasuringResult(outcome: $0, seconds: 1) })),
            .taskReturn(TaskReturn(epoch: 1, task: 2, reason: "why")),
            .hello(Hello(peer: Toys.peer(.evaluation), instance: 1)),
            .workRecipes(WorkRecipes(recipes: ["{}", "{\"a\":1}"], itemsPerTask: 4)),
            .work([
                NumberedItem(number: 7, recipe: 1, item: WorkItem(job: 0, index: 0, form: .atoms(try structure())))
            ]),
        ]
    }

    package static func hub() throws -> [HubMessage] {
        let announcement = Announcement(
            epoch: 5, run: "r", version: 2, policy: Digest(of: [1]), reference: Digest(of: [2]))
        let blob = Blob([UInt8](repeating: 7, count: 1000), chunkBytes: 300)
        return [
            .welcome(
                Welcome(
                    session: 1, epoch: 5, run: "r", heartbeat: .seconds(1),
                    liveness: .seconds(10),
                    settings: "{}", weights: announcement)),
            .refusal(Refusal(code: .full, reason: "full")), .heartbeatReply(announcement), .heartbeatReply(nil),
            .shutdown("done"), .manifest(blob.manifest),
            .chunk(BlobChunk(blob: blob.digest, index: 1, bytes: Data([1, 2, 3]))),
            .blobUnavailable(blob.digest, newest: announcement),
            .unitGrant(
                UnitGrant(
                    unit: WorkUnit(runSeed: .max, version: 2, unit: 1, crystalCount: 16),
                    policy: blob.digest)),
            .unitAcknowledgement(version: 2, unit: 1),
            .task(
                RewardTask(
                    epoch: 5, id: 6, recipe: Digest(of: [3]),
                    items: try crystals().map {
                        WorkItem(job: 2, index: $0.id.index, crystal: $0.crystal, isTerminated: $0.isTerminated)
                    })),
            .task(
                RewardTask(
                    epoch: 5, id: 7, recipe: Digest(of: [3]),
                    items: [
                        WorkItem(job: 0, index: 1, form: .atoms(try structure())),
                        WorkItem(job: 0, index: 2, form: .atoms(try structure(orbits: nil))),
                    ])), .taskAcknowledgement(6),
            .announcement(announcement), .furtherRecipes(["{}"]), .furtherRecipes([]),
            .workResults([
                NumberedResult(number: 7, result: MeasuringResult(outcome: .invalid(.atomsTooClose), seconds: 1))
            ]),
        ]
    }
}
