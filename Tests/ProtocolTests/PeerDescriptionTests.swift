import FleetFixtures
import Testing
import Trajectories

@Suite struct PeerDescriptionTests {
    @Test func difference_ofAnotherBuild_namesPeerAndBothBuilds() throws {
        let peer = Toys.peer(.actor, process: 12)
        #expect(peer.difference(fromBuild: "test") == nil)
        let text = try #require(peer.difference(fromBuild: "0.2.0"))
        #expect(text.hasPrefix("actor test:12 is of build test, the learner of 0.2.0"))
    }
}
