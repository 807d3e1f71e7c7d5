import ArgumentParser
import Base
import Engines

/// The program `reward-worker`, or, started by one with a hidden argument, the engine child in which its engine runs.
package enum RewardWorkerProgram {
    /// Does what the arguments of this process say, and ends it.
    package static func main() {
        StandardDescriptors.secure()
        if let threads = EngineChild.threads {
            let factory = EngineMeasurerFactory()
            EngineChild.run(threads: threads) { try factory.makeMeasurer($0) }
        }
        RewardWorkerCommand.main()
    }
}
