internal import Archive
internal import Engines
internal import Foundation
internal import Trajectories

/// Potential and hull of a recipe: embedded ones, or files of which the run's directory keeps copies.
struct KeptModels: Sendable {
    /// The folder of the copies.
    let inputs: URL
    /// The names in the run's configuration.
    let potential: String
    let hull: String
    /// What the copies' names begin with; empty for the recipe that decides.
    var stem = ""

    private static let potentialFileName = "potential.safetensors"
    private static let hullFileStem = "hull"

    static func stem(ofJudge name: String) -> String { "\(name)." }

    /// The files that a new run copies, by their place in its directory.
    static func copies(potential: String, hull: String, stem: String = "") -> [String: URL] {
        var copies: [String: URL] = [:]
        if case .file(let path) = PotentialName(potential) {
            copies["\(RunDirectory.inputsName)/\(stem)\(potentialFileName)"] = URL(filePath: path)
        }
        if !isEmbedded(hull: hull) {
            let source = URL(filePath: hull)
            copies["\(RunDirectory.inputsName)/\(stem)\(hullFileName(source))"] = source
        }
        return copies
    }

    /// All extensions stay: they tell the layout and the compression.
    private static func hullFileName(_ source: URL) -> String {
        let extensions = source.lastPathComponent.split(separator: ".").dropFirst().suffix(2).map(String.init)
        return ([hullFileStem] + extensions).joined(separator: ".")
    }

    private static func isEmbedded(hull: String) -> Bool { ["default", HullSource.none].contains(hull) }

    /// The names to load them by: copies, where there are any.
    var names: (potential: String, hull: String) {
        (keptPotential?.path ?? potential, keptHull?.path ?? hull)
    }

    /// The names to load them by: the originals, as long as they are what was copied.
    var originalNames: (potential: String, hull: String) {
        func name(_ original: String, _ kept: URL?) -> String {
            guard let kept, !FileManager.default.contentsEqual(atPath: original, andPath: kept.path) else {
                return original
            }
            return kept.standardizedFileURL.path
        }
        return (name(potential, keptPotential), name(hull, keptHull))
    }

    func standard() throws -> MeasuringStandard {
        let names = names
        return try MeasuringStandard(potential: names.potential, hull: names.hull)
    }

    /// The files with what reward workers pull of them; nil for embedded ones.
    ///
    /// - Throws: ``ModelError`` for a file that cannot be read or offered.
    func offers() throws -> (potential: (file: RecipeFile, blob: Blob)?, hull: (file: RecipeFile, blob: Blob)?) {
        var file: (file: RecipeFile, blob: Blob)?
        if case .file(let path) = PotentialName(potential) {
            file = try RecipeFile.offer(keptPotential ?? URL(filePath: path))
        }
        if Self.isEmbedded(hull: hull) { return (file, nil) }
        return (file, try RecipeFile.offer(keptHull ?? URL(filePath: hull)))
    }

    private var keptPotential: URL? {
        let file = inputs.appending(path: stem + Self.potentialFileName)
        return FileManager.default.fileExists(atPath: file.path) ? file : nil
    }

    // By its whole name: others may begin as it does, such as a judge's of the name "hull".
    private var keptHull: URL? {
        let file = inputs.appending(path: stem + Self.hullFileName(URL(filePath: hull)))
        return FileManager.default.fileExists(atPath: file.path) ? file : nil
    }
}
