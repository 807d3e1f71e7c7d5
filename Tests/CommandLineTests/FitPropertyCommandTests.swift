import Foundation
import ProgramFixtures
import Testing

/// Heads fitted by `druse fit-property` to made-up structures, and asked by `druse property`.
@Suite struct FitPropertyCommandTests {
    private let folder: TemporaryFolder
    private static let metals = ["Li", "Na", "K", "Rb", "Cs", "Cu", "Ag", "Tl"]
    private static let halogens = ["F", "Cl", "Br"]

    init() throws { folder = try TemporaryFolder() }

    /// Cells of two atoms and their made-up values, as frames of extended XYZ.
    private static var frames: String {
        var text = ""
        for (i, metal) in metals.enumerated() {
            for (j, halogen) in halogens.enumerated() {
                let edge = 3 + 0.2 * Double(i) + 0.3 * Double(j)
                let value = 1 + 0.5 * edge + 0.3 * Double(j)
                text += "2\nLattice=\"\(edge) 0 0 0 \(edge) 0 0 0 \(edge)\" Properties=species:S:1:pos:R:3 "
                text += "hardness=\(value) id=\(metal)\(halogen)\n\(metal) 0 0 0\n"
                text += "\(halogen) \(edge / 2) \(edge / 2) \(edge / 2)\n"
            }
        }
        return text
    }

    @Test func fitProperty_ofFrames_writesAHeadAPageAndWhatWasLeftOut() throws {
        let cell = "1\nLattice=\"3 0 0 0 3 0 0 0 3\""
        let broken = "\(cell) hardness=inf\nNa 0 0 0\n\(cell)\nNa 0 0 0\n\(cell)\nXx 0 0 0\n"
        let data = try folder.file("frames.extxyz", Self.frames + broken)
        let (head, page) = (folder.path("hardness.safetensors"), folder.path("hardness.html"))
        let outcome = try DruseProcess.run([
            "fit-property", data, "--target", "hardness", "--unit", "GPa", "--kind", "kernel", "-o", head, "--page",
            page,
            "--threads", "2",
        ])
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(
            outcome.output.hasPrefix(
                "hardness (GPa): 24 crystals of 24 formulas, 10 folds without a formula in common\n"))
        #expect(
            outcome.output.contains(
                "left out: 1 whose hardness is no finite number, 1 with unreadable structure (malformed extxyz), "
                    + "1 without a hardness\n"))
        #expect(outcome.output.contains("held out: mean absolute error 0."))
        #expect(outcome.output.contains("composition alone: mean absolute error "))
        #expect(outcome.output.contains("standard error: "))
        let html = try String(contentsOfFile: page, encoding: .utf8)
        #expect(html.contains("Predicted against known") && html.contains("Residuals") && !html.contains("http"))
        #expect(html.components(separatedBy: "class=\"mark").count == 1 + 2 * 24)
        // The crystals it was fitted to.
        let answers = try DruseProcess.run(["property", data, "--head", head, "--json"]).objects()
        let first = try #require(answers.first)
        #expect(first["property"] as? String == "hardness" && first["unit"] as? String == "GPa")
        #expect(abs(try #require(first["value"] as? Double) - 2.5) < 0.3)
        #expect(try #require(first["sigma"] as? Double) > 0)
        #expect(first["in_domain"] as? Bool == true)
        // The same again gives the same bytes.
        let again = folder.path("again.safetensors")
        _ = try DruseProcess.run([
            "fit-property", data, "--target", "hardness", "--unit", "GPa", "--kind", "kernel", "-o", again, "--threads",
            "1",
        ])
        #expect(FileManager.default.contentsEqual(atPath: head, andPath: again))
    }

    @Test func fitProperty_ofTooLittle_saysSoAndWritesNothing() throws {
        let few = try folder.file("few.extxyz", Self.frames.split(separator: "\n").prefix(16).joined(separator: "\n"))
        let head = folder.path("few.safetensors")
        let outcome = try DruseProcess.run(["fit-property", few, "--target", "hardness", "-o", head])
        #expect(outcome.status != 0)
        #expect(
            outcome.messages.contains(
                "there are 4 crystals of 4 formulas with a value; a head needs at least 20 crystals and formulas"))
        #expect(!FileManager.default.fileExists(atPath: head))
        let other = try DruseProcess.run(["fit-property", few, "--target", "softness", "-o", head])
        #expect(other.messages.contains("holds no structure with softness: 4 without a softness"))
        let missing = try DruseProcess.run(["fit-property", folder.path("none.csv"), "--target", "x", "-o", head])
        #expect(missing.messages.contains("none.csv"))
    }

    /// Before anything is read or fitted.
    @Test func fitProperty_thatCouldNotWrite_saysSoAtOnce() throws {
        let good = folder.path("head.safetensors")
        let taken = folder.url.appending(path: "taken.safetensors")
        try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: true)
        let missing = folder.path("none.csv")
        for (options, words) in [
            (["-o", folder.path("nowhere/head.safetensors")], "nowhere/head.safetensors: the folder is missing"),
            (["-o", good, "--page", folder.path("nowhere/page.html")], "nowhere/page.html: the folder is missing"),
            (["-o", taken.path], "taken.safetensors: it is a folder"),
        ] {
            let outcome = try DruseProcess.run(["fit-property", missing, "--target", "x"] + options)
            #expect(outcome.status != 0 && outcome.messages.contains(words), "\(outcome.messages)")
            #expect(outcome.messageLines.count == 1)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["taken.safetensors"])
    }

    @Test(arguments: [
        (["--target", "a", "-o", "x.bin"], "must end in .safetensors"),
        (["-o", "x.safetensors"], "--target NAME"),
        (["--target", "a", "--target", "b", "-o", "x.safetensors"], "several targets need a --name"),
        (["--target", "a", "-o", "x.safetensors", "--page", "x.pdf"], "must end in .html"),
        (["--target", "a", "-o", "x.safetensors", "--kind", "forest"], "forest"),
        (["--target", "Gap", "--target", "gap", "--name", "a", "-o", "x.safetensors"], "names one value twice"),
        (["--target", "density", "-o", "x.safetensors"], "which is what a reward computes"),
        (["--target", "a", "--name", "Bulk", "-o", "x.safetensors"], "which is no lower-case name"),
    ])
    func fitProperty_withOptionsThatMakeNoSense_saysWhich(_ options: [String], _ message: String) throws {
        let outcome = try DruseProcess.run(["fit-property", "data.csv"] + options)
        #expect(outcome.status != 0)
        #expect(outcome.messages.contains(message), "\(outcome.messages)")
    }
}
