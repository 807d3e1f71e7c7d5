import ArgumentParser
import Fleet

/// The toolbox.
struct Druse: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "druse",
        abstract: "Distributed reinforcement fine-tuning of crystal generators.",
        version: RoleProcess.build,
        subcommands: [
            LaunchCommand.self, PretrainCommand.self, SampleCommand.self, RefineCommand.self, ScoreCommand.self,
            EnergyCommand.self, PropertyCommand.self, FitPropertyCommand.self, RelaxCommand.self, HullCommand.self,
            HullIndexCommand.self, TokensCommand.self, MatchCommand.self, IndexCommand.self, IngestCommand.self,
            EvaluateCommand.self, ReportCommand.self, ExportCommand.self, ConfigCommand.self, RewardCommand.self,
            ServeCommand.self, MonitorCommand.self, RunsCommand.self, BenchCommand.self, EngineCommand.self,
            KeysCommand.self, LedgerCommand.self, RelayCommand.self,
        ])
}
