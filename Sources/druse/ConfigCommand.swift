import ArgumentParser
import Configuration
import FineTuning
import Foundation
import Pretraining

/// `druse config`: the configuration in effect, or what a key means.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print the configuration in effect, or explain a key.",
        discussion: """
            Without a key: all values, those of the file where it has them, else the defaults; the output is a \
            configuration itself. With a key such as objective.kl_weight, or a table such as objective: what it is, \
            its unit, default and range, and whether it may change when a run goes on.
            """)

    @Argument(help: "A key, or a table of keys.")
    var key: String?

    @Option(help: "The YAML configuration; without it the defaults.")
    var config: String?

    @Flag(help: "The keys of druse pretrain, not those of learner and druse launch.")
    var pretraining = false

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "A value in place of the configuration's; may be given again.", valueName: "key=value"))
    var settings: [String] = []

    @Flag(help: "Explain all keys, with the values in effect, as a key alone is explained.")
    var explain = false

    @Flag(help: "JSON lines, one object a key.")
    var json = false

    @Flag(help: "Print the reference of all keys, in Markdown: Documentation/configuration.md.")
    var reference = false

    func validate() throws {
        if let problem = ConfigurationOverride.problem(of: settings) { throw ValidationError(problem) }
        if reference, key != nil || config != nil || json || explain || !settings.isEmpty {
            throw ValidationError("--reference stands alone")
        }
    }

    func run() throws {
        let output = StandardOutput()
        if reference {
            try output.write(Self.referencePage)
        } else if pretraining {
            try show(PretrainingConfiguration.self, output)
        } else if let key, config == nil, settings.isEmpty, !json {
            let texts =
                explanations(RunConfiguration.self, of: "learner, druse launch")
                + explanations(PretrainingConfiguration.self, of: "druse pretrain")
            guard !texts.isEmpty else {
                throw unknown(key, RunConfiguration().entries() + PretrainingConfiguration().entries())
            }
            try output.write(line: texts.joined(separator: "\n\n"))
        } else {
            try show(RunConfiguration.self, output)
        }
        try output.flush()
    }

    private func explanations<Section: ConfigurationSection>(_ type: Section.Type, of programs: String) -> [String] {
        let entries = Section().entries().filter(matches).map {
            KeyReference.explanation($0, default: $0, of: programs)
        }
        return entries.isEmpty ? items(Section().entries()) : entries
    }

    /// What is told of keys of a list's items, such as `reward.terms[].of`.
    private func items(_ entries: [KeyEntry]) -> [String] {
        entries.flatMap { entry in
            entry.items.filter { "\(entry.path)[].\($0.path)" == key }
                .map { KeyReference.explanation($0, default: $0, inListOf: entry.path) }
        }
    }

    private func show<Section: ConfigurationSection>(_ type: Section.Type, _ output: StandardOutput) throws {
        let overrides = ConfigurationOverride.list(settings)
        // Without a file only what the command line says is checked: a default may be missing by design.
        let section =
            if let config {
                try ConfigurationLoader.load(type, from: URL(filePath: config), overrides: overrides)
            } else if overrides.isEmpty {
                Section()
            } else {
                try ConfigurationLoader.parse(type, text: "", source: "--set", overrides: overrides)
            }
        if key == nil, !json, !explain {
            return try output.write(ConfigurationText.yaml(section))
        }
        let rows = zip(section.entries(), Section().entries()).filter { matches($0.0) }
        if rows.isEmpty, let key {
            let items = items(Section().entries())
            guard !items.isEmpty, !json else { throw unknown(key, section.entries()) }
            return try output.write(line: items.joined(separator: "\n\n"))
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            for (entry, standard) in rows {
                let line = Line(entry, default: standard)
                try output.write(line: String(decoding: encoder.encode(line), as: UTF8.self))
            }
        } else {
            let texts = rows.map { KeyReference.explanation($0.0, default: $0.1) }
            try output.write(line: texts.joined(separator: "\n\n"))
        }
    }

    private func matches(_ entry: KeyEntry) -> Bool {
        guard let key else { return true }
        return entry.path == key || entry.path.hasPrefix("\(key).")
    }

    private func unknown(_ key: String, _ entries: [KeyEntry]) -> ConfigurationError {
        let paths = entries.flatMap { entry in [entry.path] + entry.items.map { "\(entry.path)[].\($0.path)" } }
        let near = paths.first { $0.hasSuffix(".\(key)") } ?? NearestName.of(key, among: paths)
        let advice = near.map { "did you mean \($0)?" } ?? "druse config prints all keys"
        return ConfigurationError(source: key, problems: ["there is no such key; \(advice)"])
    }

    /// A key in JSON.
    private struct Line: Encodable {
        let key: String
        let value, `default`, unit, range, condition: String?
        let what, kind, resume: String

        init(_ entry: KeyEntry, default standard: KeyEntry) {
            key = entry.path
            value = entry.stored
            `default` = standard.value
            unit = entry.unit
            range = entry.range
            condition = entry.condition
            what = entry.help
            kind = entry.kind
            resume = entry.onResume.words
        }

        private enum CodingKeys: String, CodingKey {
            case key, value, `default`, unit, range, what, kind
            case condition = "where"
            case resume = "on_resume"
        }
    }

    /// The page `Documentation/configuration.md`.
    private static var referencePage: String {
        """
        # Configuration

        All keys, as the programs declare them: made by `druse config --reference > Documentation/configuration.md`,
        and held up to date by a test. `druse config KEY` explains one on the terminal; `druse config --config FILE`
        prints all values in effect.

        YAML in UTF-8. Unknown keys, keys without a value or given twice, and numbers that YAML's versions read in
        different ways (`0032`, `0x10`, `1_000`, `1:30`) are refused; all problems are told at once, with their lines.
        Paths of models and data are relative to the file, those of the command line and `run_dir` to the current
        folder.

        `--set KEY=VALUE` (`learner`, `druse launch`, `druse pretrain`; as often as wanted) stands for a value of the
        file: `--set objective.kl_weight=0.1`, `--set 'space_groups=[225, 227]'`. A whole table is replaced by
        `--set 'reward.shape={kind: linear, clip: [-5, 5]}'`. `--dry-run` checks everything, files included, prints
        what would run, and changes nothing.

        A run keeps its configuration as `config.yaml`, all values included. When it goes on (`--resume`), what decides
        results stays: the last column says which keys may change.

        ## Fine-tuning

        `learner`, `druse launch`

        \(KeyReference.table(RunConfiguration.self))
        ## Pretraining

        `druse pretrain`

        \(KeyReference.table(PretrainingConfiguration.self))
        """
    }
}
