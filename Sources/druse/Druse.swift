import ArgumentParser

/// The toolbox.
@main
struct Druse: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "druse",
        abstract: "Distributed reinforcement fine-tuning of crystal generators.",
        subcommands: [PretrainCommand.self])
}
