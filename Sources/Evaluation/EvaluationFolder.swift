internal import Archive
internal import Base
internal import Crystals
package import Foundation
package import Report
internal import StructureFiles

/// The folder in which an evaluation keeps what it made and found:
///
/// * `measured-NAME.jsonl`: the crystals as they were measured, by which an interrupted evaluation goes on;
/// * `crystals-NAME.jsonl`: the same with all verdicts, a line for each; `crystals-NAME.csv`: with a CIF of the last
///   form;
/// * `cifs-NAME/`: a CIF of each crystal's last form, the same in `structures.csv`, and `SHA256SUMS`, as other programs
///   of evaluation read them;
/// * `figures.csv`, `figures.json`, `page.html`; of a run with aims `aims.csv`.
package struct EvaluationFolder {
    package let url: URL

    /// Makes the folder if it is not there.
    ///
    /// - Parameter names: of what is evaluated.
    /// - Throws: ``EvaluationLog/Problem`` for the folder of an evaluation of something else, and for one with files
    ///   of an evaluation's names that none wrote; `ArchiveError` for one that cannot be made.
    package init(_ url: URL, for names: [String]) throws {
        self.url = url
        let files = Set((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? [])
        let evaluated = Set(
            files.filter { $0.hasSuffix(".jsonl") }.flatMap { file in
                ["measured-", "crystals-"].filter(file.hasPrefix).map { file.dropFirst($0.count).dropLast(6) }
            })
        if let other = evaluated.sorted().first(where: { !names.contains(String($0)) }) {
            throw EvaluationLog.Problem(
                description: "\(url.path) holds the evaluation of other crystals (measured-\(other).jsonl or "
                    + "crystals-\(other).jsonl); name another folder")
        }
        let own = ["page.html", "figures.json", "figures.csv", "aims.csv"]
        if evaluated.isEmpty, let foreign = own.first(where: files.contains) {
            throw EvaluationLog.Problem(
                description: "\(url.path) holds a \(foreign) and no evaluation: name another folder, so that it stays")
        }
        try DurableFile.makeDirectory(url)
    }

    /// Whether a folder is one that an evaluation made.
    package static func isOne(_ url: URL) -> Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        return names.contains("figures.json")
            && names.contains { $0.hasPrefix("crystals-") && $0.hasSuffix(".jsonl") }
    }

    package func log(_ name: String, settings: String) throws -> EvaluationLog {
        try EvaluationLog(url.appending(path: "measured-\(name).jsonl"), settings: settings)
    }

    /// Writes a record of each crystal, and a table of those that have a structure, in the last form of each.
    ///
    /// - Parameter tellsNovelty: whether known crystals were looked through.
    package func write(_ crystals: [EvaluatedCrystal], name: String, tellsNovelty: Bool) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var lines = Data()
        let numbers = Set(crystals.compactMap(\.finalState).flatMap { $0.told.keys }).sorted()
        var table =
            (["material_id,formula,spacegroup,energy_per_atom,e_above_hull,unique,novel"]
            + numbers.map(StructureWriter.csvField) + ["cif"]).joined(separator: ",") + "\n"
        for crystal in crystals {
            lines += try encoder.encode(crystal) + Data("\n".utf8)
            guard let state = crystal.finalState, let cif = crystal.cif else { continue }
            let cells = [
                crystal.id, crystal.formula, crystal.finalSpaceGroup.map { "\($0)" } ?? "",
                state.energyPerAtom.map { "\($0)" } ?? "", state.energyAboveHull.map { "\($0)" } ?? "",
                state.incomparable == nil ? "\(state.isFirst)" : "",
                tellsNovelty && state.incomparable == nil ? "\(state.isNovel)" : "",
            ]
            let told = state.told
            let further = numbers.map { name in told[name].map { "\($0)" } ?? "" } + [cif]
            table += (cells + further).map(StructureWriter.csvField).joined(separator: ",") + "\n"
        }
        try DurableFile.replace(url.appending(path: "crystals-\(name).jsonl"), with: lines)
        try DurableFile.replace(url.appending(path: "crystals-\(name).csv"), with: Data(table.utf8))
    }

    /// Writes a CIF for each crystal that has a structure, all of them as a table, and their checksums.
    package func writeCIFs(_ crystals: [EvaluatedCrystal], name: String) throws {
        let folder = url.appending(path: "cifs-\(name)")
        try DurableFile.makeDirectory(folder)
        var sums = ""
        var names = UniqueNames()
        var table = "material_id,cif_string\n"
        for crystal in crystals {
            guard let cif = crystal.cif else { continue }
            let data = Data(cif.utf8)
            let file = "\(names.name(HTMLText.fileName(crystal.id))).cif"
            try OutputFile.write(data, to: folder.appending(path: file).path, isOneOfMany: true)
            sums += "\(Digest(of: data).hexadecimal)  \(file)\n"
            table += "\(StructureWriter.csvField(crystal.id)),\(StructureWriter.csvField(cif))\n"
        }
        let data = Data(table.utf8)
        try DurableFile.replace(folder.appending(path: "structures.csv"), with: data)
        sums += "\(Digest(of: data).hexadecimal)  structures.csv\n"
        try DurableFile.replace(folder.appending(path: "SHA256SUMS"), with: Data(sums.utf8))
    }

    /// Writes figures, sheet and page.
    package func write(_ columns: [(title: String, figures: EvaluationFigures)], page: EvaluationPage) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        let figures = Dictionary(columns.map { ($0.title, $0.figures) }, uniquingKeysWith: { $1 })
        try DurableFile.replace(url.appending(path: "figures.json"), with: encoder.encode(figures))
        try DurableFile.replace(
            url.appending(path: "figures.csv"), with: Data(EvaluationSheet.csv(columns).utf8))
        if let aims = EvaluationSheet.aims(columns) {
            try DurableFile.replace(url.appending(path: "aims.csv"), with: Data(aims.utf8))
        }
        try DurableFile.replace(url.appending(path: "page.html"), with: Data(page.html().utf8))
    }
}

extension EvaluatedCrystal {
    /// The last form as a CIF; nil if it has no structure.
    var cif: String? { finalState?.structure.structure.map { StructureWriter.cif($0, id: id) } }
}

extension EvaluatedCrystal.State {
    /// What is told of it beside its energies.
    fileprivate var told: [String: Double] {
        var told = (predicted ?? [:]).merging(aims ?? [:]) { first, _ in first }
        // These have columns of their own.
        for name in ["energy_per_atom", "e_above_hull"] { told[name] = nil }
        return told
    }
}
