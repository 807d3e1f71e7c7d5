import Crystals
import Foundation
import Stability
import Testing

@Suite struct HullIndexingTests {
    /// Runs a test in a folder of its own.
    private func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "druse-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    private static let reference = fixtures.appending(path: "physics/hull/reference.json.bz2")

    /// Entries that differ, in a list, an object or lines.
    private func dump(_ range: Range<Int>, layout: String = "object") -> String {
        let symbols = ["Li", "Fe", "O", "S", "Na", "Cl"]
        let entries = range.map { index in
            let (left, right) = (symbols[index % 6], symbols[(index / 6 + 1 + index) % 6])
            let composition =
                left == right ? "\"\(left)\": \(index % 4 + 1)" : "\"\(left)\": \(index % 4 + 1), \"\(right)\": 2"
            return "{\"structure\": {\"sites\": [{\"xyz\": [0.0, \"}]\"]}]}, \"composition\": {\(composition)}, "
                + "\"energy\": \(-10 - Double(index * 37 % 101) / 7), \"correction\": \(index % 3 == 0 ? -0.5 : 0), "
                + "\"entry_id\": \"t-\(index)\"}"
        }
        return switch layout {
        case "list": "[" + entries.joined(separator: ",\n") + "]"
        case "lines": entries.joined(separator: "\n")
        default: "{\"@x\": [1], \"entries\": [" + entries.joined(separator: ", ") + "], \"after\": {\"n\": 1}}"
        }
    }

    private func write(_ text: String, _ folder: URL, _ name: String) throws -> URL {
        let url = folder.appending(path: name)
        try Data(text.utf8).write(to: url)
        return url
    }

    @Test func run_ofADump_givesTheHullOfTheDump() throws {
        try withFolder { folder in
            let output = folder.appending(path: "my.hull")
            let summary = try HullIndexing(output: output).run([Self.reference])
            let (source, hull) = (try HullReference.open(Self.reference), try HullReference.open(output))
            #expect(summary.entryCount == 1312 && summary.compounds == source.compoundCount)
            #expect(hull.digest == source.digest && hull.computedDigest == hull.digest)
            #expect(hull.statedConvention == .mp2020Corrected && source.convention == .mp2020Corrected)
            #expect(source.statedConvention == nil)
            #expect(!summary.elementsWithoutReference.isEmpty)
        }
    }

    /// A call that ends anywhere is made again, until one comes to the end: nothing is read twice, nothing is missing.
    @Test(arguments: ["object", "list", "lines"])
    func run_interruptedAndMadeAgain_givesTheSameHull(layout: String) throws {
        try withFolder { folder in
            let dumps = [
                try write(dump(0..<40, layout: layout), folder, "a.json"),
                try write(dump(40..<97, layout: layout), folder, "b.json"),
            ]
            let whole = folder.appending(path: "whole.hull")
            _ = try HullIndexing(output: whole).run(dumps)
            var indexing = HullIndexing(output: folder.appending(path: "my.hull"))
            indexing.entriesBetweenPauses = 10
            var (calls, resumed) = (0, 0)
            var summary: HullIndexing.Summary?
            while summary == nil, calls < 100 {
                calls += 1
                do throws(HullError) {
                    summary = try indexing.run(dumps) { _ throws(HullError) in
                        throw HullError.noEntries(path: "interrupted")
                    }
                } catch {
                    #expect(error == .noEntries(path: "interrupted"))
                }
            }
            #expect(calls == 10)
            resumed = summary?.resumedCount ?? 0
            #expect(resumed == 90 && summary?.entryCount == 7)
            let (expected, found) = (try HullReference.open(whole), try HullReference.open(indexing.output))
            #expect(found.digest == expected.digest && found.sourceEntryCount == 97)
            #expect(!FileManager.default.fileExists(atPath: indexing.partURL.path))
        }
    }

    @Test func run_withThePartOfOtherDumps_isRefused() throws {
        try withFolder { folder in
            let first = try write(dump(0..<20), folder, "a.json")
            var indexing = HullIndexing(output: folder.appending(path: "my.hull"))
            indexing.entriesBetweenPauses = 10
            #expect(throws: HullError.self) {
                try indexing.run([first]) { _ throws(HullError) in throw HullError.noEntries(path: "interrupted") }
            }
            let other = try write(dump(20..<40), folder, "b.json")
            #expect(throws: HullError.otherPart(path: indexing.partURL.path)) { try indexing.run([other]) }
            // Of a dump that there is not, and from before its start.
            let part = try Data(contentsOf: indexing.partURL)
            for (key, sign) in [("\"dump\":", UInt8(ascii: "7")), ("\"offset\":", UInt8(ascii: "-"))] {
                var changed = part
                let place = try #require(part.firstRange(of: Data(key.utf8)))
                changed[place.upperBound] = sign
                try changed.write(to: indexing.partURL)
                #expect(throws: HullError.otherPart(path: indexing.partURL.path)) { try indexing.run([first]) }
            }
            try Data("DRUSEPRT".utf8).write(to: indexing.partURL)
            #expect(throws: HullError.otherPart(path: indexing.partURL.path)) { try indexing.run([first]) }
        }
    }

    @Test func run_addedToAHull_givesTheHullOfBoth() throws {
        try withFolder { folder in
            let first = try write(dump(0..<50), folder, "a.json")
            let second = try write(dump(50..<120, layout: "lines"), folder, "b.jsonl")
            let both = folder.appending(path: "both.hull")
            _ = try HullIndexing(output: both).run([first, second])
            let mine = folder.appending(path: "my.hull")
            _ = try HullIndexing(output: mine).run([first])
            var adding = HullIndexing(output: mine)
            adding.base = mine
            let summary = try adding.run([second])
            #expect(summary.entryCount == 70 && summary.earlierCompounds > 0)
            let (expected, found) = (try HullReference.open(both), try HullReference.open(mine))
            #expect(found.digest == expected.digest && found.sourceEntryCount == 120)
            // Energies of another kind do not go in.
            adding.convention = .ownHullOnly
            #expect(
                throws: HullError.mixedConventions(path: mine.path, holds: "mp2020-corrected", given: "own-hull-only")
            ) {
                try adding.run([first])
            }
        }
    }

    @Test func run_withoutCorrections_givesPlainEnergies() throws {
        try withFolder { folder in
            let dump = try write(
                "[{\"composition\": {\"O\": 2}, \"energy\": -10, \"correction\": -1.374, \"entry_id\": \"a\"}]", folder,
                "a.json")
            var indexing = HullIndexing(output: folder.appending(path: "my.hull"))
            indexing.ignoresCorrections = true
            _ = try indexing.run([dump])
            let hull = try HullReference.open(indexing.output)
            #expect(hull.lowestEntry(of: try composition(["O": 1]))?.energyPerAtom == -5)
            #expect(hull.convention == .rawPBE)
            #expect(EnergyAlignment(of: .rawPBE, on: hull) == .asTheyAre)
        }
    }

    @Test func run_ofEntriesThatCannotBeUsed_countsThemByReason() throws {
        let good = "{\"composition\": {\"Fe\": 1}, \"energy\": -8}"
        let bad = [
            "{\"energy\": 1}", "{\"composition\": {\"Fe\": 1}}", "{\"composition\": {\"Fe\": 1}, \"energy\": NaN}",
            "{\"composition\": {\"Xx\": 1}, \"energy\": 1}", "{\"composition\": {\"Qq\": 1}, \"energy\": 1}",
            "{\"composition\": {\"Fe\": -1}, \"energy\": 1}", "{\"composition\": {}, \"energy\": 1}",
        ]
        try withFolder { folder in
            let dump = try write("[" + ([good] + bad).joined(separator: ",") + "]", folder, "a.json")
            let indexing = HullIndexing(output: folder.appending(path: "my.hull"))
            let summary = try indexing.run([dump])
            #expect(summary.entryCount == 8 && summary.compounds == 1)
            #expect(
                summary.refusals == [
                    "no_composition": 1, "no_energy": 1, "energy_not_finite": 1, "not_an_element": 2, "bad_amount": 1,
                    "no_atoms": 1,
                ])
            let useless = try write("[" + bad.joined(separator: ",") + "]", folder, "b.json")
            #expect(throws: HullError.noEntries(path: useless.path)) {
                try HullIndexing(output: folder.appending(path: "none.hull")).run([useless])
            }
        }
    }

    /// Entries as pymatgen writes them with structures: names in `data`, compositions by the sites where there is none.
    @Test func run_ofComputedStructureEntries_takesNamesAndAmountsFromWhereTheyAre() throws {
        let sites =
            "{\"@class\": \"Structure\", \"lattice\": {\"matrix\": [[1, 0, 0]]}, \"sites\": ["
            + "{\"species\": [{\"element\": \"Na\", \"occu\": 1}], \"abc\": [0, 0, 0]}, "
            + "{\"species\": [{\"element\": \"Cl\", \"occu\": 1.0}], \"label\": \"Cl\"}]}"
        let text =
            "[{\"@class\": \"ComputedStructureEntry\", \"energy\": -6.8, \"correction\": 0, \"entry_id\": null, "
            + "\"data\": {\"mat_id\": \"agm001\", \"x\": [1]}, \"structure\": \(sites)}, "
            + "{\"energy\": -1, \"composition\": {\"Na\": 1}, \"structure\": \(sites), \"entry_id\": \"mp-1\", "
            + "\"data\": {\"mat_id\": \"agm002\"}}]"
        try withFolder { folder in
            let dump = try write(text, folder, "a.json")
            let hull = try HullReference.open(dump)
            #expect(hull.lowestEntry(of: try composition(["Na": 1, "Cl": 1]))?.id == "agm001")
            #expect(hull.lowestEntry(of: try composition(["Na": 1]))?.id == "mp-1")
        }
    }

    @Test func run_ofADamagedDump_saysWhere() throws {
        try withFolder { folder in
            let whole = try Data(contentsOf: Self.reference)
            let dump = folder.appending(path: "a.json.bz2")
            try whole.prefix(whole.count - 100).write(to: dump)
            let indexing = HullIndexing(output: folder.appending(path: "my.hull"))
            let thrown = #expect(throws: HullError.self) { try indexing.run([dump]) }
            let text = try #require(thrown?.description)
            #expect(text.contains("the bzip2 data ends too early; get the file again (behind entry "), "\(text)")
            let foreign = try write("<html>not found</html>", folder, "b.json")
            let other = #expect(throws: HullError.self) { try indexing.run([foreign]) }
            #expect(
                other?.description.contains("b.json: byte 0: expected '{' or '[', found '<'") == true,
                "\(String(describing: other))")
            #expect(!FileManager.default.fileExists(atPath: indexing.output.path))
        }
    }

    @Test func entryCount_countsCompoundsOfTheElementsAlone() throws {
        let hull = try HullReference(
            name: "x",
            entries: try [
                ["Na": 1.0], ["Na": 2], ["Cl": 2], ["Na": 1, "Cl": 1], ["Na": 1, "Cl": 3], ["K": 1, "Cl": 1],
            ]
            .map { ComputedEntry(id: "", composition: try composition($0), energy: -1) })
        func count(_ symbols: [String]) throws -> Int {
            hull.entryCount(within: try symbols.map { try #require(Element(symbol: $0)) })
        }
        #expect(try count(["Na"]) == 1)
        #expect(try count(["Na", "Cl"]) == 4)
        #expect(try count(["Na", "Cl", "K", "O"]) == 5)
        #expect(try count(["O"]) == 0)
    }
}
