import Base
import Coordination
import FleetFixtures
import Foundation
import Protocol
import Testing
import Trajectories

@Suite struct HubLinkTests {
    private let now = Toys.begin

    private func makeLink(patience: Duration? = nil) throws -> HubLink {
        var configuration = PeerConfiguration(
            endpoint: try Endpoint("tcp://127.0.0.1:5555"), build: "test", host: "test", process: 1)
        configuration.patience = patience
        return HubLink(configuration: configuration, role: .actor, generator: SeededGenerator(seed: 1))
    }

    private func welcome(session: UInt64 = 1) -> HubMessage {
        .welcome(
            Welcome(
                session: session, epoch: 1, run: "r", heartbeat: .seconds(1),
                liveness: .seconds(10), settings: "", weights: nil))
    }

    /// The effects in short: c(onnect), h(ello), s(end), l(eave).
    private func sketch(_ effects: [PeerEffect]) -> String {
        effects.map { effect in
            switch effect {
            case .connect: "c"
            case .send(.hello, 0): "h"
            case .send: "s"
            case .leave: "l"
            case .askRelay: "r"
            case .log: ""
            }
        }.joined()
    }

    @Test func start_thenWelcome_isLoggedIn() throws {
        var link = try makeLink()
        link.start(now: now)
        #expect(sketch(link.takeEffects()) == "ch")
        #expect(link.welcome == nil)
        let early = link.send(.goodbye(""))
        #expect(!early)
        _ = link.receive(welcome(), now: now)
        #expect(link.welcome?.session == 1)
        let late = link.send(.goodbye(""))
        #expect(late)
    }

    /// Who waits says so after ten seconds, then each minute, with the address and how long it goes on waiting.
    @Test func tick_noAnswer_isToldAfterTenSecondsAndThenEachMinute() throws {
        var link = try makeLink(patience: .seconds(1800))
        link.start(now: now)
        var told: [(second: Int, text: String)] = []
        for second in 1...200 {
            link.tick(now: now.advanced(by: .seconds(second)))
            for case .log(let text) in link.takeEffects() where text.contains("has not answered") {
                told.append((second, text))
            }
        }
        #expect(told.map(\.second) == [10, 70, 130, 190])
        #expect(told[0].text.contains("tcp://127.0.0.1:5555 has not answered for 10 s; giving up after 1800 s"))
    }

    @Test func tick_noAnswer_triesAgainWithLongerWaits() throws {
        var link = try makeLink()
        link.start(now: now)
        _ = link.takeEffects()
        var now = now
        var connections: [Duration] = []
        while connections.count < 8 {
            now = now.advanced(by: .milliseconds(50))
            link.tick(now: now)
            if sketch(link.takeEffects()).contains("c") { connections.append(self.now.duration(to: now)) }
        }
        let gaps = zip(connections.dropFirst(), connections).map { $0 - $1 }
        #expect(gaps.last! > gaps.first!)
        #expect(gaps.allSatisfy { $0 < .seconds(5 + 8 * 1.25 + 1) })
    }

    @Test func receive_unknownSession_saysHelloOnTheSameSocket() throws {
        var link = try makeLink()
        link.start(now: now)
        _ = link.receive(welcome(), now: now)
        _ = link.takeEffects()
        let refusal = HubMessage.refusal(Refusal(code: .unknownSession, reason: ""))
        _ = link.receive(refusal, now: now)
        _ = link.receive(refusal, now: now)
        #expect(sketch(link.takeEffects()) == "h")
        _ = link.receive(welcome(session: 2), now: now)
        #expect(link.welcome?.session == 2)
        #expect(link.logins == 2)
    }

    @Test func tick_silentHub_connectsAnew() throws {
        var link = try makeLink()
        link.start(now: now)
        _ = link.receive(welcome(), now: now)
        _ = link.takeEffects()
        link.tick(now: now.advanced(by: .seconds(10)))
        #expect(link.welcome != nil)
        link.tick(now: now.advanced(by: .seconds(11)))
        #expect(link.welcome == nil)
        link.tick(now: now.advanced(by: .seconds(12)))
        #expect(sketch(link.takeEffects()) == "ch")
    }

    @Test func receive_protocolRefusal_leavesWithTheReason() throws {
        var link = try makeLink()
        link.start(now: now)
        _ = link.receive(.refusal(Refusal(code: .protocolVersion, reason: "too old")), now: now)
        guard case .leave(.failure(.refused(let reason))) = link.takeEffects().last else {
            Issue.record("it stayed")
            return
        }
        #expect(reason == "too old")
    }

    // MARK: Endpoint files

    private func makeFollower(patience: Duration? = nil) -> HubLink {
        var configuration = PeerConfiguration(endpoint: nil, build: "test", host: "test", process: 1)
        configuration.endpointFile = "run/endpoint.json"
        configuration.patience = patience
        return HubLink(configuration: configuration, role: .actor, generator: SeededGenerator(seed: 1))
    }

    private func place(_ port: Int, run: String = "r", process: Int = 1) throws -> LearnerPlace {
        try LearnerPlace(
            content: Data(#"{"endpoint": "tcp://node1:\#(port)", "run": "\#(run)", "process": \#(process)}"#.utf8))
    }

    private func places(_ effects: [PeerEffect]) -> [String] {
        effects.compactMap { effect in
            if case .connect(let endpoints) = effect { endpoints.map { "\($0)" }.joined(separator: " ") } else { nil }
        }
    }

    @Test func follow_fileThatComesLate_waitsWithoutConnecting() throws {
        var link = makeFollower(patience: .seconds(60))
        link.start(now: now)
        #expect(sketch(link.takeEffects()).isEmpty)
        var told: [String] = []
        for second in 1...20 {
            let moment = now.advanced(by: .seconds(second))
            link.follow(.failure(EndpointFileProblem("it is not there yet")), now: moment)
            link.tick(now: moment)
            for effect in link.takeEffects() {
                guard case .log(let text) = effect else {
                    Issue.record("it does more than to wait")
                    continue
                }
                told.append("\(second): \(text)")
            }
        }
        #expect(told.count == 1)
        #expect(told.first?.hasPrefix("10: waiting for run/endpoint.json") ?? false, "\(told)")
        #expect(told.first?.contains("it is not there yet (after 10 s; giving up after 60 s)") ?? false, "\(told)")
        link.follow(.success(try place(7)), now: now.advanced(by: .seconds(21)))
        let effects = link.takeEffects()
        #expect(sketch(effects) == "ch" && places(effects) == ["tcp://node1:7"])
        _ = link.receive(welcome(), now: now.advanced(by: .seconds(22)))
        #expect(link.welcome != nil)
    }

    @Test func follow_fileThatNeverComes_leavesAndNamesIt() {
        var link = makeFollower(patience: .seconds(30))
        link.start(now: now)
        link.tick(now: now.advanced(by: .seconds(31)))
        guard case .leave(.failure(.noPlace("run/endpoint.json", .seconds(30)))) = link.takeEffects().last else {
            Issue.record("it stayed")
            return
        }
    }

    /// A learner that was killed is started elsewhere, or in the same place: a peer goes there at once, logged in or
    /// trying again as it may be.
    @Test func follow_learnerThatMoves_connectsThereAtOnce() throws {
        var link = makeFollower()
        link.start(now: now)
        link.follow(.success(try place(7)), now: now)
        _ = link.receive(welcome(), now: now)
        _ = link.takeEffects()
        link.follow(.success(try place(7)), now: now)
        #expect(link.welcome != nil && sketch(link.takeEffects()).isEmpty)
        link.follow(.success(try place(8)), now: now)
        #expect(link.welcome == nil)
        var effects = link.takeEffects()
        #expect(sketch(effects) == "ch" && places(effects) == ["tcp://node1:8"])
        // Nobody answers for long: the waits are long by now.
        var later = now
        for _ in 0..<1200 {
            later = later.advanced(by: .milliseconds(50))
            link.tick(now: later)
        }
        _ = link.takeEffects()
        link.follow(.success(try place(8, process: 2)), now: later)
        effects = link.takeEffects()
        #expect(sketch(effects) == "ch" && places(effects) == ["tcp://node1:8"])
        _ = link.receive(welcome(), now: later)
        #expect(link.welcome != nil && link.logins == 2)
    }

    /// A port that another run's learner has taken meanwhile.
    @Test func follow_placeOfAnotherRunsLearner_leavesItAndLooksOn() throws {
        var link = makeFollower()
        link.start(now: now)
        link.follow(.success(try place(7, run: "mine")), now: now)
        _ = link.takeEffects()
        guard case .handled = link.receive(welcome(), now: now) else {
            Issue.record("it joined the run r")
            return
        }
        #expect(link.welcome == nil)
        let effects = link.takeEffects()
        #expect(sketch(effects) == "s")
        let hasReason = effects.contains { effect in
            if case .log(let text) = effect {
                text.contains("of the run r, not of mine as run/endpoint.json says")
            } else {
                false
            }
        }
        #expect(hasReason)
        link.follow(.success(try place(9, run: "mine")), now: now)
        #expect(places(link.takeEffects()) == ["tcp://node1:9"])
    }

    @Test(arguments: [
        "", "{", #"{"endpoint": "tcp://node1:5555", "run": "r""#, #"{"endpoint": "tcp://node1:5555"}"#,
        #"{"endpoint": "node1:5555", "run": "r", "process": 1}"#,
        #"{"endpoint": "tcp://0.0.0.0:5555", "run": "r", "process": 1}"#,
        #"{"endpoint": "tcp://node1:5555", "also": ["x"], "run": "r", "process": 1}"#,
    ])
    func place_ofADamagedFile_isNone(content: String) {
        #expect(throws: EndpointFileProblem.self) { try LearnerPlace(content: Data(content.utf8)) }
    }

    @Test func place_ofAMachineOfManyAddresses_hasThemAll() throws {
        let addresses = #""endpoint": "tcp://10.0.0.1:5", "also": ["tcp://node1:5", "tcp://10.1.0.1:5"]"#
        let content = #"{\#(addresses), "run": "r", "process": 1}"#
        let place = try LearnerPlace(content: Data(content.utf8))
        #expect(place.endpoints.map { "\($0)" } == ["tcp://10.0.0.1:5", "tcp://node1:5", "tcp://10.1.0.1:5"])
    }

    @Test func tick_patienceOver_leaves() throws {
        var link = try makeLink(patience: .seconds(30))
        link.start(now: now)
        _ = link.receive(welcome(), now: now)
        link.tick(now: now)
        link.tick(now: now.advanced(by: .seconds(29)))
        #expect(!sketch(link.takeEffects()).contains("l"))
        link.tick(now: now.advanced(by: .seconds(61)))
        #expect(sketch(link.takeEffects()).contains("l"))
    }
}
