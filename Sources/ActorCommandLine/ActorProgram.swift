import ArgumentParser
import Base

/// The program `actor`.
package enum ActorProgram {
    /// Does what the arguments of this process say, and ends it.
    package static func main() {
        StandardDescriptors.secure()
        ActorCommand.main()
    }
}
