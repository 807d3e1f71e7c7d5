import Base
import Crystals
import Engines
import Foundation
import ModelFixtures
import Potentials
import ProgramFixtures
import Protocol
import Rewards
import Stability
import Testing
import Trajectories

/// Models of properties: by name, in a recipe, on a reward worker.
@Suite struct RecipePropertyTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var plain: Recipe {
        get throws {
            let engine = try ScoringEngine(potential: "chgnet", hull: "default")
            return Recipe(
                limits: ValidityLimits(), potential: "chgnet", potentialDigest: engine.potential.digest,
                hull: "default", hullDigest: engine.hull.digest)
        }
    }

    private func salt() throws -> WorkItem {
        let sites = try ["Na", "Cl"].enumerated().map { index, symbol in
            Crystal.Site(
                wyckoff: index + 1, element: try #require(Element(symbol: symbol)),
                position: SIMD3(repeating: 0.5 * Double(index)))
        }
        let crystal = Crystal(
            spaceGroup: try #require(SpaceGroup(number: 225)), sites: sites,
            lattice: LatticeParameters(a: 5.6, b: 5.6, c: 5.6, alpha: 90, beta: 90, gamma: 90))
        return WorkItem(job: 0, index: 0, crystal: crystal, isTerminated: true)
    }

    private func model(_ tiny: TinyMEGNet = TinyMEGNet(), _ name: String = "gap.safetensors") throws -> URL {
        try tiny.write(to: folder.url.appending(path: name))
    }

    /// A recipe that names no properties is the text of a build that knew none, and keeps its digest.
    @Test func recipe_namesPropertiesAndForcesOnlyWhereTheyAreWanted() throws {
        var recipe = try plain
        let text = try PeerSettings.text(recipe)
        #expect(!text.contains("properties") && !text.contains("wants"))
        recipe.properties = []
        recipe.wantsForces = false
        #expect(try PeerSettings.text(recipe) == text)
        recipe.wantsForces = true
        recipe.properties = [RecipeProperty(name: "gap", digest: "a", quantities: ["band_gap"])]
        let more = try PeerSettings.text(recipe)
        #expect(more.contains("\"wants\":[\"forces\"]"))
        let read = try PeerSettings.parse(Recipe.self, from: more)
        #expect(read.wantsForces && read.properties == recipe.properties && read == recipe)
        // Something of a later build.
        let later = more.replacingOccurrences(of: "[\"forces\"]", with: "[\"forces\",\"phonons\"]")
        let error = #expect(throws: RoleError.self) { try EngineMeasurerFactory().makeMeasurer(later) }
        #expect("\(try #require(error))".contains("phonons"))
    }

    /// Pulled by content, the model predicts what it predicts at the learner.
    @Test func makeMeasurer_withAPulledModel_predicts() throws {
        let url = try model()
        let (file, blob) = try RecipeFile.offer(url)
        let source = try PropertySource.load(url.path + ":band_gap_hse,band_gap")
        var recipe = try plain
        recipe.wantsForces = true
        recipe.properties = [
            RecipeProperty(
                name: file.name, file: file, digest: source.digest, quantities: ["band_gap", "band_gap_hse"])
        ]
        let settings = try PeerSettings.text(recipe)
        let cache = RecipeFileCache(folder: folder.url.appending(path: "cache"))
        #expect(try cache.missing(of: settings) == [blob.digest])
        try cache.keep(blob, of: settings)
        try FileManager.default.removeItem(at: url)
        let measurer = try EngineMeasurerFactory(files: cache).makeMeasurer(settings)
        let item = try salt()
        guard case .measured(let measurement) = try measurer.measure([item])[0].outcome else {
            Issue.record("it is not measured")
            return
        }
        let structure = try #require(item.crystal).structure(cell: .primitive)
        let expected = try source.makeEvaluator().predict([structure])[0].get()
        #expect(expected.map(\.name) == ["band_gap", "band_gap_hse"])
        for prediction in expected { #expect(measurement[.init(rawValue: prediction.name)] == prediction.value) }
        // A perfect rock salt has no forces, but a stress.
        #expect(abs((measurement[.maximumForce] ?? 9)) < 1e-4)
        #expect(abs((measurement[.forceLogMean] ?? 9) - log(0.01)) < 1e-9)
        #expect(measurement[.stressLogMean] != nil)

        recipe.properties[0].digest = String(repeating: "0", count: 64)
        let other = try PeerSettings.text(recipe)
        let error = #expect(throws: RoleError.self) { try EngineMeasurerFactory(files: cache).makeMeasurer(other) }
        #expect("\(try #require(error))".contains(source.digest))
    }

    @Test func source_namesWhatIsWrong() throws {
        func problem(_ name: String) throws -> String {
            "\(try #require(#expect(throws: ModelError.self) { try PropertySource.load(name) }))"
        }
        #expect(try problem("/no/such.safetensors").contains("no file /no/such.safetensors"))
        let url = try model()
        #expect(try problem(url.path + ":refractive_index").contains("band_gap, band_gap_hse"))
        let text = try folder.file("notes.safetensors", "no tensors")
        #expect(try problem(text).contains("notes.safetensors"))
        let published = folder.url.appending(path: "MEGNet-MP")
        try FileManager.default.createDirectory(at: published, withIntermediateDirectories: true)
        try Data().write(to: published.appending(path: "state.pt"))
        #expect(try problem(published.path).contains("Scripts/convert-megnet"))
    }

    @Test func standard_ofTwoModelsWithOneQuantity_isRefused() throws {
        let (first, second) = (try model().path, try model(TinyMEGNet(), "other.safetensors").path)
        #expect(try PropertyStandard([first, second + ":band_gap_hse"]).models.count == 2)
        let error = #expect(throws: ModelError.self) { try PropertyStandard([first, second]) }
        #expect("\(try #require(error))".contains("both \(first) and \(second) predict band_gap"))
        var strange = TinyMEGNet()
        strange.property = "energy per atom"
        let name = try model(strange, "energy.safetensors").path
        let known = #expect(throws: ModelError.self) { try PropertyStandard([name]) }
        #expect("\(try #require(known))".contains("energy_per_atom"))
    }

    /// Names of what a reward computes, of the archive's columns, and of another model's error.
    @Test(arguments: [
        ("density", "computes"), ("product", "computes"), ("seed", "archive"), ("geometry", "exports"),
        ("2nd gap", "begins with a letter"), ("band gap sigma", "band_gap_sigma"),
        ("band gap in domain", "band_gap_in_domain"),
    ])
    func standard_ofAQuantityWithATakenName_isRefusedInOneLine(property: String, words: String) throws {
        var other = TinyMEGNet()
        other.property = property
        let names = [try model().path, try model(other, "other.safetensors").path]
        for order in [names, names.reversed()] {
            let error = try #require(throws: ModelError.self) { try PropertyStandard(order) }
            #expect("\(error)".contains(words) && !"\(error)".contains("\n"), "\(error)")
        }
    }

    @Test func standard_ofMoreQuantitiesThanAMeasurementHolds_isRefused() throws {
        let count = (WireLimits.quantities - Measurement.Quantity.measuredCount) / 2
        let names = try (0...count).map { index in
            var tiny = TinyMEGNet()
            tiny.property = "gap \(index)"
            return "\(try model(tiny, "\(index).safetensors").path):gap_\(index),gap_\(index)_hse"
        }
        #expect(try PropertyStandard(Array(names.dropLast())).models.count == count)
        let error = #expect(throws: ModelError.self) { try PropertyStandard(names) }
        #expect("\(try #require(error))".contains("at most \(WireLimits.quantities)"))
    }

    /// A folder becomes one file, with the configuration that lay beside.
    @Test func contents_ofAFolder_areOneFile() throws {
        let url = folder.url.appending(path: "tiny")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        let tiny = TinyMEGNet()
        try Safetensors(tensors: tiny.tensors).encoded().write(to: url.appending(path: "model.safetensors"))
        try Data(tiny.configuration.utf8).write(to: url.appending(path: "config.json"))
        let contents = try PropertyFile(url).contents()
        #expect(contents.name == "tiny.safetensors")
        let copy = folder.url.appending(path: "copy.safetensors")
        try contents.data.write(to: copy)
        #expect(try PropertySource.load(copy.path).digest == PropertySource.load(url.path).digest)
    }

    @Test(arguments: [
        ("gap.safetensors", "gap.safetensors", nil), ("gap:band_gap", "gap", ["band_gap"]),
        ("/a:b/gap.safetensors:band_gap,band_gap_hse", "/a:b/gap.safetensors", ["band_gap", "band_gap_hse"]),
        ("/a:b/gap", "/a:b/gap", nil), ("gap:", "gap:", nil), (":gap", ":gap", nil),
    ])
    func name_splitsOffQuantitiesAlone(text: String, place: String, quantities: [String]?) {
        let name = PropertyName(text)
        #expect(name.place == place && name.quantities == quantities)
    }
}
