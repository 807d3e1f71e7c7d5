import Base
import Crystals
import Foundation
import Matching
import Testing

@Suite struct KnownCrystalsTests {
    private let team = ThreadTeam(threadCount: 2)
    private let folder = FileManager.default.temporaryDirectory.appending(path: "known-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    /// The structures of the fixtures under their ids.
    private static let crystals = MatchingPair.all.map { (id: $0.id, structure: $0.a.structure) }

    private func builder(_ crystals: some Sequence<(id: String, structure: Structure)>) throws -> KnownCrystalsBuilder {
        var builder = KnownCrystalsBuilder()
        for crystal in crystals { builder.add(try ReducedStructure(crystal.structure), id: crystal.id) }
        return builder
    }

    private func write(_ crystals: some Sequence<(id: String, structure: Structure)>, _ name: String) throws -> URL {
        let url = folder.appending(path: name)
        try builder(crystals).write(to: url, team: team)
        return url
    }

    @Test func firstMatch_isTheFirstOneThatWentIn() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let known = try KnownCrystals.open(try write(Self.crystals, "all.index"))
        #expect(known.count == Self.crystals.count)
        let structures = try Self.crystals.map { try ReducedStructure($0.structure) }
        let matches = try known.firstMatches(of: structures, team: team)
        let matcher = StructureMatcher()
        for (structure, match) in zip(structures, matches) {
            let expected = zip(Self.crystals, structures).first { matcher.fit($1, structure) }
            #expect(match?.id == expected?.0.id)
        }
        // What is kept is the structure to within the rounding.
        let first = try #require(matches[0])
        let distance = try #require(matcher.rmsDistance(first.structure, structures[0]))
        #expect(distance.rms < 1e-4)
        #expect(try known.firstMatch(of: ReducedStructure(.rockSalt("Og", "Fl"))) == nil)
        let alone = try known.firstMatches(of: structures + [nil], team: ThreadTeam(threadCount: 1))
        #expect(alone.map { $0?.id } == matches.map { $0?.id } + [nil])
    }

    @Test func index_ofTheSameCrystals_isTheSameFile() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (one, two) = (folder.appending(path: "1.index"), folder.appending(path: "2.index"))
        try builder(Self.crystals).write(to: one, team: ThreadTeam(threadCount: 1))
        try builder(Self.crystals).write(to: two, team: ThreadTeam(threadCount: 3))
        #expect(try Data(contentsOf: one) == Data(contentsOf: two))
    }

    @Test func addedCrystals_areFoundBehindTheOthers() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = try write([("first", .rockSalt("Na", "Cl"))], "salt.index")
        let added = [
            (id: "second", structure: Structure.rockSalt("Na", "Cl")),
            (id: "magnesia", structure: .rockSalt("Mg", "O")),
        ]
        let base = try KnownCrystals.open(url)
        // In its place, while it is open.
        try builder(added).write(to: url, addingTo: base, team: team)
        let larger = try KnownCrystals.open(url)
        #expect(larger.count == 3 && larger.segmentCount == 2)
        #expect(try larger.firstMatch(of: ReducedStructure(.rockSalt("Na", "Cl")))?.id == "first")
        #expect(try larger.firstMatch(of: ReducedStructure(.rockSalt("Mg", "O")))?.id == "magnesia")
        #expect(try base.firstMatch(of: ReducedStructure(.rockSalt("Na", "Cl")))?.id == "first")
        #expect(try base.firstMatch(of: ReducedStructure(.rockSalt("Mg", "O"))) == nil)
        // Nothing to add copies the index.
        try KnownCrystalsBuilder().write(to: url, addingTo: larger, team: team)
        #expect(try KnownCrystals.open(url).count == 3)
    }

    @Test func emptyIndex_knowsNothing() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let known = try KnownCrystals.open(try write([], "empty.index"))
        #expect(known.count == 0)
        #expect(try known.firstMatch(of: ReducedStructure(.rockSalt("Na", "Cl"))) == nil)
    }

    /// A thousand million segments that all stand at one place would take hours and all memory.
    @Test func segmentsWithoutLength_areRefused() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
        }
        func sealed(_ head: [UInt8]) -> [UInt8] { head + bytes(UInt64(head.withUnsafeBytes(Checksum.crc32)), 4) }
        let url = folder.appending(path: "empty.index")
        // Nor is a segment believed that says more crystals than its blocks have: their sum may be no number.
        for (segments, segment) in [(3, bytes(0, 24)), (1, bytes(28, 8) + bytes(UInt64(Int.max), 8) + bytes(0, 8))] {
            let file = sealed(Array("DRUSEIDX".utf8) + bytes(1, 4) + bytes(UInt64(segments), 4) + bytes(56, 8))
            try Data(file + sealed(segment)).write(to: url)
            #expect(throws: KnownCrystalsError.damaged(path: url.path, part: "segment 1")) {
                try KnownCrystals.open(url)
            }
        }
    }

    @Test func filesThatAreNoIndex_areRefused() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = try write(Self.crystals, "whole.index")
        let whole = try Data(contentsOf: url)
        let other = folder.appending(path: "other.index")
        func error(_ data: Data) throws -> KnownCrystalsError? {
            try data.write(to: other)
            do {
                let known = try KnownCrystals.open(other)
                for crystal in Self.crystals { _ = try known.firstMatch(of: ReducedStructure(crystal.structure)) }
                return nil
            } catch let error as KnownCrystalsError {
                return error
            }
        }
        #expect(try error(whole) == nil)
        for foreign in [Data(), Data("DRUSE".utf8), Data("material_id,cif\n1,data_\n".utf8), Data(count: 100)] {
            #expect(try error(foreign) == .foreign(path: other.path))
        }
        for length in [28, 29, 60, whole.count / 2, whole.count - 1] {
            guard case .wrongLength? = try error(whole.prefix(length)) else {
                Issue.record("cut at \(length)")
                continue
            }
        }
        #expect(
            try error(whole + [0])
                == .wrongLength(path: other.path, bytes: whole.count + 1, expected: UInt64(whole.count)))
        var newer = whole
        newer[8] = 9
        #expect(try error(newer) == .unsupportedVersion(path: other.path, version: 9, supported: 1))
        #expect(try error(newer)?.description.contains("version 9") == true)
        // Any other byte that is not what was written is found, if not on opening, then by a question.
        var generator = Philox(seed: 3, domain: .testing)
        for _ in 0..<60 {
            var damaged = whole
            damaged[12 + Int(generator.next() % UInt64(whole.count - 12))] ^= 1 << UInt8(generator.next() % 8)
            let found = try error(damaged)
            switch found {
            case .damaged?, .wrongLength?: break
            default: Issue.record("\(String(describing: found))")
            }
        }
        #expect(throws: KnownCrystalsError.self) { try KnownCrystals.open(folder.appending(path: "absent")) }
    }

    @Test func embeddedIndex_holdsTheTrainingData() throws {
        let known = try KnownCrystals.embedded()
        #expect(known.count == 136_157)
        // Silver, the first crystal of the data.
        let silver = Structure(
            cell: Cell(a: SIMD3(0, 2.08, 2.08), b: SIMD3(2.08, 0, 2.08), c: SIMD3(2.08, 2.08, 0)),
            elements: [try #require(Element(symbol: "Ag"))], fractionalCoordinates: [.zero])
        #expect(try known.firstMatch(of: ReducedStructure(silver))?.id == "proto20-00001")
        #expect(try known.firstMatch(of: ReducedStructure(.rockSalt("He", "Ne"))) == nil)
    }
}
