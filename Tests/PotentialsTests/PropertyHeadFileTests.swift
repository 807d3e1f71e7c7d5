import Base
import Crystals
import Foundation
import Potentials
import Testing

/// The heads that come with the program, and files that are none.
@Suite struct PropertyHeadFileTests {
    private static let resources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources/Potentials/Resources")

    private static func structure(_ name: String) throws -> Structure {
        func cubic(_ edge: Double, _ atoms: [(String, [SIMD3<Double>])]) -> Structure {
            let cell = Cell(a: [edge, 0, 0], b: [0, edge, 0], c: [0, 0, edge])
            let sites = atoms.flatMap { symbol, points in points.map { (Element(symbol: symbol), $0) } }
            return Structure(
                cell: cell, elements: sites.compactMap(\.0), fractionalCoordinates: sites.map(\.1))
        }
        let faces: [SIMD3<Double>] = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
        func moved(_ shift: Double) -> [SIMD3<Double>] { faces.map { $0 + SIMD3(repeating: shift) } }
        return switch name {
        case "MgO": cubic(4.25, [("Mg", faces), ("O", moved(0.5))])
        case "NaCl": cubic(5.69, [("Na", faces), ("Cl", moved(0.5))])
        case "Si": cubic(5.47, [("Si", faces + moved(0.25))])
        case "GaAs": cubic(5.75, [("Ga", faces), ("As", moved(0.25))])
        default: cubic(3.6, [("Cu", faces)])
        }
    }

    private static func value(_ head: PropertyHead, _ name: String) throws -> PropertyPrediction {
        let answers = head.makeEvaluator().predict([try structure(name)])
        return try #require(try answers.first?.get().first)
    }

    /// Measured and computed (DFPT with PBE) constants are within the windows.
    @Test(arguments: [("MgO", 2.4...4.2), ("NaCl", 1.9...3.2), ("Si", 9.0...17), ("GaAs", 8.0...20)])
    func electronicConstant_ofTextbookCrystals_isNearTheKnownOne(_ name: String, _ range: ClosedRange<Double>) throws {
        let prediction = try Self.value(PropertyHead.embedded(.dielectricElectronic), name)
        #expect(range.contains(prediction.value), "\(name): \(prediction.value)")
        #expect(prediction.name == "dielectric_electronic")
        #expect(try #require(prediction.sigma) > 0)
    }

    @Test(arguments: [("MgO", 7.0...15), ("NaCl", 4.0...9), ("Si", 9.0...20)])
    func totalConstant_ofTextbookCrystals_isNearTheKnownOne(_ name: String, _ range: ClosedRange<Double>) throws {
        let prediction = try Self.value(PropertyHead.embedded(.dielectricTotal), name)
        #expect(range.contains(prediction.value), "\(name): \(prediction.value)")
    }

    /// Distilled from a model that gives salts wide gaps and metals none.
    @Test func gap_ofASaltAndAMetal_areWideAndNone() throws {
        let head = try PropertyHead.embedded(.bandGap)
        #expect(head.predictions == [.init(name: "band_gap", unit: "eV")])
        #expect(try Self.value(head, "NaCl").value > 3)
        let metal = try Self.value(head, "Cu").value
        #expect(metal >= 0 && metal < 0.2)
    }

    @Test func embeddedHeads_beatTheCompositionAlone() throws {
        for name in PropertyHead.Embedded.allCases {
            let record = try PropertyHead.embedded(name).record
            #expect(record.errors.meanAbsoluteError < 0.85 * record.compositionErrors.meanAbsoluteError)
            #expect(record.errors.rankCorrelation > record.compositionErrors.rankCorrelation)
            #expect(record.uncertainty.withinOne > 0.6 && record.uncertainty.withinTwo > 0.9)
        }
    }

    @Test func prediction_ofASupercell_isThatOfTheCell() throws {
        let cell = try Self.structure("NaCl")
        let doubled = Structure(
            cell: Cell(a: cell.cell.a, b: cell.cell.b, c: 2 * cell.cell.c), elements: cell.elements + cell.elements,
            fractionalCoordinates: [0.0, 0.5].flatMap { shift in
                cell.fractionalCoordinates.map { SIMD3($0.x, $0.y, $0.z / 2 + shift) }
            })
        let evaluator = try PhysicsFixtures.model.get().makeCHGNetEvaluator()
        let features = try evaluator.features(of: [cell, doubled]).map { try $0.get() }
        #expect(features[0].count == CrystalFeatures.count)
        for (one, other) in zip(features[0], features[1]) { #expect(abs(one - other) < 1e-4 * (1 + abs(one))) }
        let answers = PropertyHeads([try .embedded(.dielectricTotal), try .embedded(.bandGap)]).makeEvaluator().predict(
            [cell, doubled])
        let (first, second) = (try answers[0].get(), try answers[1].get())
        #expect(first.map(\.name) == ["dielectric_total", "band_gap"])
        for (one, other) in zip(first, second) { #expect(abs(one.value - other.value) < 1e-3 * one.value) }
    }

    @Test func predictions_ofSeveralHeads_lackThatWithoutAFiniteNumberAlone() throws {
        var file = try Safetensors(contentsOf: Self.resources.appending(path: "heads/dielectric-total.safetensors"))
        file.tensors["part.0.bias"] = .init(shape: [1], values: [1_000])
        let url = FileManager.default.temporaryDirectory.appending(path: "head-\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try file.encoded().write(to: url)
        let broken = try PropertyHead(contentsOf: url)
        let salt = try Self.structure("NaCl")
        let answers = PropertyHeads([broken, try .embedded(.bandGap)]).makeEvaluator().predict([salt])
        #expect(try answers[0].get().map(\.name) == ["band_gap"])
        #expect(broken.makeEvaluator().predict([salt]) == [.failure(.notFinite(potential: "the head"))])
    }

    @Test func open_ofAnotherFile_saysWhatIsWrong() throws {
        func message(_ path: String) -> String {
            do {
                _ = try PropertyHead(contentsOf: URL(filePath: path))
                return ""
            } catch { return "\(error)" }
        }
        #expect(message("/nowhere/head.safetensors").contains("no such file or folder"))
        let potential = message(Self.resources.appending(path: "chgnet-0.3.0/model.safetensors").path)
        #expect(potential.contains("it is no head of druse fit-property"))
        let text = FileManager.default.temporaryDirectory.appending(path: "head-\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: text) }
        try Data("no model".utf8).write(to: text)
        #expect(message(text.path).contains("not a safetensors file"))
        let good = Self.resources.appending(path: "heads/dielectric-total.safetensors")
        let file = try Safetensors(contentsOf: good)
        let changes: [(String, (inout Safetensors) -> Void)] = [
            ("it lacks part.1.weights", { $0.tensors["part.1.weights"] = nil }),
            ("holds numbers that are not finite", { $0.tensors["references"]?.values[7] = .nan }),
            ("features.mean has shape", { $0.tensors["features.mean"] = .init(shape: [2], values: [1, 2]) }),
            ("its layout is version 9", { $0.metadata["head_version"] = "9" }),
            ("its record (\"head\" in the metadata) is damaged", { $0.metadata["head"] = "{}" }),
            (
                "it was fitted on features of another chgnet-0.3.0",
                { file in
                    let digest = (try? PropertyHead(contentsOf: good))?.record.potentialDigest ?? ""
                    file.metadata["head"] = file.metadata["head"]?.replacing(digest, with: String(digest.reversed()))
                }
            ),
        ]
        for (expected, change) in changes {
            var changed = file
            change(&changed)
            try changed.encoded().write(to: text)
            #expect(message(text.path).contains(expected), "\(message(text.path))")
        }
    }
}
