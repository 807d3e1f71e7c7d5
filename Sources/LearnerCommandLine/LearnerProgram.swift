import ArgumentParser
import Base
import LivePage

/// The program `learner`.
package enum LearnerProgram {
    /// Does what the arguments of this process say, and ends it.
    package static func main() {
        StandardDescriptors.secure()
        LearnerCommand.main(PageAddress.completing(CommandLine.arguments.dropFirst()))
    }
}
