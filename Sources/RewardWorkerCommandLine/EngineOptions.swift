import ArgumentParser
import Engines
import Foundation
import Logging

/// An engine in any language, in place of the worker's own.
struct EngineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Measure by this program, an engine as Documentation/engines.md describes it; its words are split as a "
                + "shell's, without a shell.", valueName: "command"))
    var engine: String?

    @Flag(help: "One process of --engine for all threads, as for a graphics card, rather than one for each.")
    var engineShared = false

    @Option(help: ArgumentHelp("The most crystals that --engine is asked for at a time.", valueName: "crystals"))
    var batch: Int?

    @Option(help: ArgumentHelp("What --engine is told to compute on, such as cuda:0.", valueName: "name"))
    var device: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A variable of the environment that --engine gets beside the usual ones (PATH, OMP_NUM_THREADS, "
                + "CUDA_VISIBLE_DEVICES, ...); may be repeated.", valueName: "name"))
    var engineEnv: [String] = []

    func validate() throws {
        if engine == nil, engineShared || batch != nil || device != nil || !engineEnv.isEmpty {
            throw ValidationError("--engine-shared, --batch, --device and --engine-env belong to --engine")
        }
        if let batch, !(1...4096).contains(batch) { throw ValidationError("--batch must be 1 to 4096, not \(batch)") }
    }

    /// The engine; nil if the worker's own is to be used.
    func engine(threads: Int, timeLimit: Duration, logger: Logger) throws -> ForeignEngine? {
        guard let engine else { return nil }
        let environment = EngineEnvironment.passedOn(
            of: ProcessInfo.processInfo.environment, more: engineEnv, sideBySide: engineShared ? 1 : threads)
        var settings = ForeignEngine.Settings()
        settings.isShared = engineShared
        settings.timeLimit = timeLimit
        settings.device = device ?? settings.device
        settings.batch = batch ?? settings.batch
        return ForeignEngine(
            command: try ForeignCommand(words: EngineWords.split(engine), environment: environment),
            settings: settings, logger: logger)
    }
}
