import Base
import Coordination
import FleetFixtures
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
        guard case .leave(.refused(let reason)) = link.takeEffects().last else {
            Issue.record("it stayed")
            return
        }
        #expect(reason == "too old")
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
