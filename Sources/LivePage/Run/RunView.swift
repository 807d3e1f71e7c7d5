package import Archive
package import Base
internal import Foundation
package import Monitoring
internal import Synchronization
internal import Telemetry
internal import Trajectories

/// One run as the page, the terminal and the list of runs show it, read from its directory as that changes.
///
/// Nothing is written, and a learner that writes there waits for nobody. A look at the logs reads what was added; a
/// look at the archive is kept for so long that looking costs at most a fiftieth of one core, whatever its size.
package final class RunView: Sendable {
    /// What the page calls it.
    package let key: String
    /// The name of its folder.
    package let name: String
    let directory: RunDirectory
    private let board: StatusBoard?
    private let state: Mutex<State>

    /// What is known of the run.
    private struct State {
        var steps = StepTable()
        var metrics: LineTail
        var roles: LineTail
        /// The last line of each process.
        var processes: [String: RoleRecord] = [:]
        var newest = Date.distantPast
        var learner: RoleRecord?
        var nextLook = ContinuousClock.now
        var isPrimed = false
        var settings: RunSettings
        /// When the configuration was written last: a run that goes on may be to make more versions.
        var configuredAt: Date?
        /// When an evaluation was written last.
        var evaluatedAt: Date?
        var documents: [String: Document] = [:]
    }

    /// What was read from the archive, as it is told.
    private struct Document {
        var json: JSONValue
        var expiry: ContinuousClock.Instant
    }

    /// The logs are looked at so often at most.
    private static let lookInterval: Duration = .milliseconds(400)
    private static let shortestKeep: Duration = .seconds(2)
    /// A look at the archive is kept so many times as long as it took.
    private static let keepFactor = 50.0
    /// Of the lines of processes the last ones count: so many bytes hold those of some thousand.
    private static let rolesBytes: UInt64 = 4 << 20
    /// A process whose line is older than the newest by so much is forgotten, s.
    private static let forgottenAfter = 600.0
    /// So many crystals are told at a time.
    private static let mostCrystals = 60

    /// - Parameters:
    ///   - key: What the page calls it.
    ///   - board: Where a learner in this process puts up its status; nil: what the directory holds is all.
    package init(key: String, directory: RunDirectory, board: StatusBoard? = nil) {
        self.key = key
        self.directory = directory
        self.board = board
        name = directory.url.standardizedFileURL.lastPathComponent
        state = Mutex(
            State(
                metrics: LineTail(url: directory.metrics),
                roles: LineTail(url: directory.roles, firstBytes: Self.rolesBytes), settings: RunSettings("")))
    }

    /// Below this energy above the hull a crystal is stable, eV/atom.
    private var stableBelow: Double { directory.manifest.stableBelow ?? RunManifest.usualStableBelow }

    // MARK: What changes

    /// Reads what was added since the last look, and gives what is known.
    private func withNews<Value>(_ body: (inout State) throws -> Value) rethrows -> Value {
        try state.withLock { state in
            if ContinuousClock.now >= state.nextLook || !state.isPrimed {
                look(&state)
                state.nextLook = .now + Self.lookInterval
            }
            return try body(&state)
        }
    }

    private func look(_ state: inout State) {
        if !state.isPrimed {
            state.isPrimed = true
            // Where the log was rotated, the archive has what it lacks.
            if let archive = try? RunArchive(url: directory.archive, access: .readOnly) {
                for record in (try? archive.stepRecords()) ?? [] { state.steps.add(record) }
                try? archive.close()
            }
        }
        let configuredAt = Self.date(of: directory.configuration)
        if configuredAt != state.configuredAt {
            state.configuredAt = configuredAt
            state.settings = RunSettings(configuration)
        }
        let lines = state.metrics.next()
        // What was written and rotated away since the last look stands in the archive.
        if state.metrics.takeIsReplaced() { state.isPrimed = false }
        for line in lines {
            if let record = JSONLines.decode(StepRecord.self, from: line) { state.steps.add(record) }
        }
        for line in state.roles.next() {
            guard let record = JSONLines.decode(RoleRecord.self, from: line) else { continue }
            // A clock may have been ahead.
            state.newest = max(state.newest, min(record.time, Date()))
            if record.role == "learner" { state.learner = record } else { state.processes[record.id] = record }
        }
        let evaluatedAt = evaluationDate
        if evaluatedAt != state.evaluatedAt {
            state.evaluatedAt = evaluatedAt
            // Viewers ask for them now, and not again.
            state.documents["books"] = nil
        }
        let oldest = state.newest.addingTimeInterval(-Self.forgottenAfter)
        state.processes = state.processes.filter { $0.value.time >= oldest }
    }

    /// When an evaluation was written last; nil if there is none.
    private var evaluationDate: Date? {
        [directory.evaluationBefore, directory.evaluationAfter].compactMap(Self.date).max()
    }

    /// When a file was written last; nil if it is not there.
    private static func date(of url: URL) -> Date? {
        (try? FileManager.default.attributesOfItem(atPath: url.path))?[.modificationDate] as? Date
    }

    /// The steps that were written after a revision.
    func steps(after revision: Int) -> JSONValue { withNews { $0.steps.json(after: revision) } }

    // MARK: Overview

    /// The run in a few numbers and words.
    package func overview() -> RunOverview {
        withNews { state in
            let records = state.steps.records
            let condition = RunCondition(directory, steps: records.count, versions: state.settings.versions)
            var overview = RunOverview(
                key: key, name: name, manifest: directory.manifest, condition: condition, records: records)
            overview.versions = state.settings.versions
            overview.isAsynchronous = state.settings.isAsynchronous
            overview.potential = state.settings.potential
            overview.evaluatedAt = state.evaluatedAt
            // The learner counts from its own start, the steps over all lives of the run.
            overview.crystals = max(state.learner?.crystals ?? 0, records.reduce(0) { $0 + $1.crystals })
            overview.queues = condition == .running ? state.learner?.queues ?? [:] : [:]
            overview.wanted = state.learner.flatMap { learner in
                learner.actorsWanted.flatMap { actors in learner.rewardWorkersWanted.map { (actors, $0) } }
            }
            if let status = board?.status {
                overview.queues = Dictionary(status.queues.map { ($0.name, $0.length) }, uniquingKeysWith: { $1 })
                overview.queues["crystals_under_way"] = status.ledger?.inFlight.values.reduce(0, +)
                overview.wanted = status.wanted.map { ($0.actors, $0.rewardWorkers) }
                overview.present = (status.count(of: "actor"), status.count(of: "reward-worker"))
            }
            if let status = board?.status, let verdict = status.verdict {
                overview.advice = RunAdvice(verdict, of: status)
            } else {
                let status = RunStatus.recorded(
                    records, mode: state.settings.isAsynchronous ? .asynchronous : .synchronous,
                    busy: (busy("actor", state), busy("reward-worker", state)),
                    present: (
                        state.processes.values.count { $0.role == "actor" },
                        state.processes.values.count { $0.role == "reward-worker" }
                    ),
                    wanted: overview.wanted.map { .init(actors: $0.actors, rewardWorkers: $0.rewardWorkers) })
                overview.advice = RunAdvice(
                    RunStatus.Verdict(ofWorkIn: status, isOver: condition != .running), of: status)
            }
            return overview
        }
    }

    private func busy(_ role: String, _ state: State) -> Double? {
        let shares = state.processes.values.filter { $0.role == role }.compactMap(\.busyFraction)
        return shares.isEmpty ? nil : shares.reduce(0, +) / Double(shares.count)
    }

    /// The peers that are asked for.
    func fleet(_ question: FleetTable.Question) -> JSONValue {
        withNews { state in
            if let status = board?.status { return FleetTable(peers: status.rows).json(question) }
            let isRunning =
                RunCondition(directory, steps: state.steps.count, versions: state.settings.versions) == .running
            return FleetTable(state.processes.values, newest: state.newest, isRunning: isRunning).json(question)
        }
    }

    // MARK: Documents

    /// A document about the run; nil if there is none of the name.
    ///
    /// - Parameter query: What is asked for in particular: `after` of steps, `kind` and `count` of crystals, `sort`,
    ///   `order`, `role`, `q`, `offset` and `count` of the fleet.
    package func document(_ path: [String], _ query: [String: String]) -> JSONValue? {
        switch path {
        case ["overview"]: return overview().json
        case ["steps"]: return steps(after: Int(query["after"] ?? "") ?? 0)
        case ["fleet"]: return fleet(FleetTable.Question(query))
        case ["books"]: return books()
        case ["crystals"]:
            let count = min(max(1, Int(query["count"] ?? "") ?? 12), Self.mostCrystals)
            return crystals(RunArchive.Choice(rawValue: query["kind"] ?? "") ?? .best, count: count)
        default: return nil
        }
    }

    /// A document that is read from the archive, or was a moment ago.
    private func kept(_ name: String, _ make: (RunArchive) throws -> JSONValue) -> JSONValue {
        withNews { state in
            let now = ContinuousClock.now
            if let known = state.documents[name], now < known.expiry { return known.json }
            var json: JSONValue
            do {
                // Opened anew each time: a reader that stays keeps the learner from leaving one plain file behind.
                let archive = try RunArchive(url: directory.archive, access: .readOnly)
                defer { try? archive.close() }
                json = try make(archive)
            } catch {
                json = .object([("problem", .text("\(error)"))])
            }
            let cost = ContinuousClock.now - now
            let keep = max(Self.shortestKeep, cost * Self.keepFactor)
            state.documents[name] = Document(json: json, expiry: .now + keep)
            return json
        }
    }

    /// What became of all crystals, which elements are made, heights above the hull, evaluations.
    func books() -> JSONValue {
        kept("books") { archive in try RunBooks(archive, directory, stableBelow: stableBelow).json }
    }

    /// Crystals to look at.
    func crystals(_ choice: RunArchive.Choice, count: Int) -> JSONValue {
        kept("\(choice.rawValue) \(count)") { archive in
            let crystals = try archive.shown(choice, count: count, notBelow: RunBooks.implausible)
            return .object([
                ("stable_below", .number(stableBelow)), ("implausible_below", .number(RunBooks.implausible)),
                ("crystals", .list(crystals.map { CrystalPicture($0).json })),
            ])
        }
    }

    /// The CIF of a crystal with the name of its file; nil if there is no such crystal.
    func cif(_ id: CrystalID) -> (name: String, text: String)? {
        guard let archive = try? RunArchive(url: directory.archive, access: .readOnly) else { return nil }
        defer { try? archive.close() }
        guard let crystal = try? archive.crystal(id) else { return nil }
        let picture = CrystalPicture(crystal)
        return picture.cif.map { (picture.fileName, $0) }
    }

    /// The configuration in effect.
    var configuration: String { (try? String(contentsOf: directory.configuration, encoding: .utf8)) ?? "" }
}
