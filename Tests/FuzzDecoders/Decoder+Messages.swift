import Base
import Crystals
import FleetFixtures
import Foundation
import SwiftProtobuf
import Trajectories

@testable import Coordination
@testable import Protocol

// Messages as bytes, and as the text form of Protocol Buffers: changed there, they still are messages, so that what
// stands behind the parser is reached.
extension Decoder {
    static let messages = [
        Decoder(
            name: "peer-message", seeds: { try SampleMessages.peer().map { try $0.encode(session: 1) } },
            read: { try readPeer($0.resealed) }),
        Decoder(
            name: "peer-fields", seeds: { try texts(SampleMessages.peer().map { try $0.encode(session: 1) }) },
            words: fieldNames, read: { try readPeer(try frame(ofText: $0)) }),
        Decoder(
            name: "hub-message", seeds: { try SampleMessages.hub().map { try $0.encode() } },
            read: { try readHub($0.resealed) }),
        Decoder(
            name: "hub-fields", seeds: { try texts(SampleMessages.hub().map { try $0.encode() }) },
            words: fieldNames, read: { try readHub(try frame(ofText: $0)) }),
    ]

    /// Names of fields, from the samples' own texts.
    static var fieldNames: [String] {
        let frames = (try? SampleMessages.peer().map { try $0.encode(session: 1) } as [[UInt8]]) ?? []
        let others = (try? SampleMessages.hub().map { try $0.encode() } as [[UInt8]]) ?? []
        let names = ((try? texts(frames + others)) ?? []).flatMap { text in
            text.text.split { !($0.isLetter || $0 == "_") }.map(String.init)
        }
        let numbers = ["nan", "inf", "-1", "4294967295", "18446744073709551615", "9223372036854775807", "1e308"]
        return Set(names).sorted() + numbers
    }

    static func texts(_ frames: [[UInt8]]) throws -> [[UInt8]] {
        try frames.map { [UInt8](text: try Druse_Envelope(frame: $0).textFormatString()) }
    }

    /// The frame of an envelope in text form, sealed as a forger would.
    static func frame(ofText text: [UInt8]) throws -> [UInt8] {
        try Druse_Envelope(textFormatString: text.text).frame()
    }

    private static func readPeer(_ frame: [UInt8]) throws {
        let (session, message) = try PeerMessage.decode(frame)
        let again = try PeerMessage.decode(message.encode(session: session))
        // The words of a hello are cut where it is written.
        if case .hello = message { return }
        expect(isSame(message, again.message), "a message read again is another one")
        var admission = Admission()
        switch message {
        case .unitResult(let result):
            for crystal in result.crystals {
                _ = admission.problem(of: crystal)
                admission.maximumSites = 20
                if admission.problem(of: crystal) == nil { _ = crystal.crystal.atomCount }
            }
        case .taskResult(let result):
            for result in result.results { _ = admission.problem(of: result.outcome) }
        case .work(let items):
            for item in items where Admission.problem(of: item.item) == nil { _ = item.item.atomCount }
        case .hello, .heartbeat, .goodbye, .report, .manifestRequest, .chunkRequest, .unitReturn, .taskReturn,
            .workRecipes:
            break
        }
    }

    private static func readHub(_ frame: [UInt8]) throws {
        let message = try HubMessage.decode(frame)
        expect(isSame(message, try HubMessage.decode(message.encode())), "a message read again is another one")
    }

    /// Numbers that are none are equal to nothing; a dump shows all there are.
    private static func isSame<Message: Equatable>(_ one: Message, _ other: Message) -> Bool {
        if one == other { return true }
        var text = ""
        dump(one, to: &text)
        return text.contains("nan")
    }
}
