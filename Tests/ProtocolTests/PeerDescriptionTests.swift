import Coordination
import FleetFixtures
import Protocol
import Testing
import Trajectories

@Suite struct PeerDescriptionTests {
    @Test func difference_ofAnotherBuild_namesPeerAndBothBuilds() throws {
        let peer = Toys.peer(.actor, process: 12)
        #expect(peer.difference(fromBuild: "test") == nil)
        let text = try #require(peer.difference(fromBuild: "0.2.0"))
        #expect(text.hasPrefix("actor test:12 is of build test, the learner of 0.2.0"))
    }

    @Test func difference_ofOtherKernels_isToldOfWhoSaysWhatItComputesWith() throws {
        var peer = Toys.peer(.actor, process: 12)
        #expect(peer.difference(fromKernels: "SkylakeX") == nil)
        peer.kernels = "Haswell"
        #expect(peer.difference(fromKernels: "Haswell") == nil)
        let text = try #require(peer.difference(fromKernels: "SkylakeX"))
        #expect(text.hasPrefix("actor test:12 computes with OpenBLAS for Haswell, the learner with that for SkylakeX:"))
        let message = PeerMessage.hello(Hello(peer: peer, instance: 1))
        #expect(try PeerMessage.decode(message.encode(session: 1)).message == message)
    }

    @Test func title_standsForTheHostAndTravels() throws {
        var peer = Toys.peer(.actor, process: 7)
        #expect(peer.name == "test:7")
        peer.title = "slurm-17_3.1"
        #expect(peer.description == "actor slurm-17_3.1:7")
        let message = PeerMessage.hello(Hello(peer: peer, instance: 1))
        #expect(try PeerMessage.decode(message.encode(session: 1)).message == message)
    }
}
