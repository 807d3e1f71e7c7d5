import Archive
import Base
import Crystals
import Evaluation
import Foundation
import Report
import StructureFiles

/// The crystals with which a page compares those of a run: predicted once, then kept in the run's directory.
struct ComparedCrystals {
    let paths: [String]
    let measurer: AimMeasurer
    /// Where predictions are kept; nil: nowhere.
    let cache: URL?

    private struct Kept: Codable {
        struct Crystal: Codable {
            let formula: String
            let x: Double
            let y: Double
        }

        /// By which models, of which files.
        let key: String
        /// How many there were, with or without the numbers.
        let total: Int
        let crystals: [Crystal]
    }

    private static let batchSize = 512

    /// The crystals with both numbers, and their front.
    ///
    /// - Throws: where the inputs hold none, or what was predicted cannot be kept.
    func group(team: ThreadTeam) throws -> AimSection.Group {
        let places = StructurePlace.all(in: paths, format: nil).places
        let digests = try places.map { "\($0.name) \(try $0.digest().hexadecimal)" }
        let key = Digest(of: ([measurer.words] + digests).joined(separator: "\n").utf8).hexadecimal
        var kept = cache.flatMap { try? Data(contentsOf: $0) }
            .flatMap { try? JSONDecoder().decode(Kept.self, from: $0) }
        if kept?.key != key {
            let new = try predicted(key, team)
            if let cache { try DurableFile.replace(cache, with: JSONEncoder().encode(new)) }
            kept = new
        }
        let crystals = kept?.crystals ?? []
        guard !crystals.isEmpty else {
            throw ToolFailure(
                "--front-of \(paths.joined(separator: " ")): none of \(kept?.total ?? 0) structures has both numbers")
        }
        let name = places.map { URL(filePath: $0.name).lastPathComponent }.joined(separator: ", ")
        return AimSection.Group(
            title: "\(HumanFormat.count(crystals.count)) known crystals of \(name), by the same models, and their "
                + "front",
            points: crystals.map { .init(formula: $0.formula, x: $0.x, y: $0.y, isSound: true) })
    }

    private func predicted(_ key: String, _ team: ThreadTeam) throws -> Kept {
        var (total, crystals): (Int, [Kept.Crystal]) = (0, [])
        let progress = TerminalProgress(
            title: "predicting crystals to compare with", total: nil, unit: "crystals", style: .onTerminal())
        InputFiles(paths: paths, format: nil).forEachBatch(of: Self.batchSize, team: team) { entries in
            let structures = entries.compactMap { try? $0.input.get().structure() }
            total += entries.count
            crystals += measurer.planePoints(of: structures, team: team).compactMap { point in
                point.map { .init(formula: $0.formula, x: $0.x, y: $0.y) }
            }
            progress.update(total)
        }
        progress.finish()
        return Kept(key: key, total: total, crystals: crystals)
    }
}
