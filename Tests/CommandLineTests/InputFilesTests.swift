import Foundation
import ProgramFixtures
import Testing

/// Which files stand for the inputs of a command, and what their structures are called.
@Suite struct InputFilesTests {
    private static let poscar = "Po\n3.3\n1 0 0\n0 1 0\n0 0 1\nPo\n1\ndirect\n0 0 0\n"
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ names: [String]) throws {
        for name in names {
            let url = folder.url.appending(path: name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(Self.poscar.utf8).write(to: url)
        }
    }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: folder.path(name), withDestinationPath: target)
    }

    private func answers(_ inputs: [String]) throws -> [[String: Any]] {
        try DruseProcess.run(["tokens", "--json"] + inputs.map(folder.path)).objects()
    }

    @Test func symbolicLinks_areFollowed() throws {
        try write(["set/POSCAR", "far/POSCAR", "single.vasp"])
        try link("set/far", to: "../far")
        try link("set/one.vasp", to: folder.path("single.vasp"))
        try link("all", to: "set")
        for input in ["set", "all"] {
            let found = try answers([input])
            #expect(found.compactMap { $0["id"] as? String } == ["POSCAR#0", "far/POSCAR#0", "one.vasp#0"])
            #expect(found.allSatisfy { $0["error"] == nil })
        }
    }

    @Test func linksThatLeadNowhereOrBack_areNamed() throws {
        try write(["set/deep/POSCAR"])
        try link("set/lost.cif", to: "nowhere.cif")
        try link("set/notes.txt", to: "nowhere.txt")
        try link("set/deep/up", to: "..")
        let found = try answers(["set"])
        #expect(found.map { $0["id"] as? String } == ["deep/POSCAR#0", "deep/up", "lost.cif"])
        #expect((found[1]["error"] as? String)?.contains("to a folder that it is in") == true)
        #expect((found[2]["error"] as? String)?.contains("leads nowhere") == true)
    }

    @Test func equalNames_areToldApartByTheirFolders() throws {
        try write(["a/x/POSCAR", "b/x/POSCAR", "c/y.vasp"])
        let found = try answers(["a/x/POSCAR", "b/x/POSCAR", "c/y.vasp"])
        #expect(found.map { $0["id"] as? String } == ["a/x/POSCAR#0", "b/x/POSCAR#0", "y.vasp#0"])
        #expect(try answers(["a", "b"]).map { $0["id"] as? String } == ["a/x/POSCAR#0", "b/x/POSCAR#0"])
        #expect(try answers(["a/x/POSCAR", "a/x/POSCAR"]).map { $0["id"] as? String } == ["POSCAR#0", "POSCAR#0"])
    }

    @Test func blocksOfCIFs_haveTheirNamesWhereTheyTellSomething() throws {
        for format in ["cif", "extxyz"] {
            let path = folder.path("s.\(format)")
            #expect(try DruseProcess.run(["sample", "--count", "2", "-o", path]).status == 0)
            #expect(try answers(["s.\(format)"]).map { $0["id"] as? String } == ["sample-0", "sample-1"])
        }
        let cif = try String(contentsOfFile: folder.path("s.cif"), encoding: .utf8)
        for name in ["NaCl2", "image0", "VESTA_phase_1", "x1", "salt"] {
            let text = cif.replacing("data_sample-1", with: "data_\(name)").replacing("sample-0", with: "mp-1")
            _ = try folder.file("t.cif", text)
            #expect(try answers(["t.cif"]).map { $0["id"] as? String } == ["mp-1", "t.cif#1"])
        }
        // A name that two blocks have is none.
        _ = try folder.file("u.cif", cif.replacing("sample-1", with: "sample-0"))
        #expect(try answers(["u.cif"]).map { $0["id"] as? String } == ["u.cif#0", "u.cif#1"])
    }
}
