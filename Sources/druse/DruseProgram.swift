import ActorCommandLine
import ArgumentParser
import Base
import Engines
import LearnerCommandLine
import LivePage
import RewardWorkerCommandLine

/// The program `druse`; called by the name of another one, that one. A package thus holds one program under four names,
/// and what the four have in common once.
@main
enum DruseProgram {
    static func main() {
        switch CommandLine.arguments.first?.split(separator: "/").last {
        case "actor": ActorProgram.main()
        case "learner": LearnerProgram.main()
        // An engine child is started by the path of the file, whatever name its worker was called by.
        case _ where EngineChild.threads != nil, "reward-worker": RewardWorkerProgram.main()
        default:
            StandardDescriptors.secure()
            run(PageAddress.completing(CommandLine.arguments.dropFirst()))
        }
    }

    private static func run(_ arguments: [String]) {
        do {
            var command = try Druse.parseAsRoot(arguments)
            try command.run()
        } catch let error as OutputFileError where error.isOfGoneReader {
            // `druse ... -o /dev/stdout | head` has had enough, which is no error.
            Druse.exit(withError: ExitCode.success)
        } catch { Druse.exit(withError: error) }
    }
}
