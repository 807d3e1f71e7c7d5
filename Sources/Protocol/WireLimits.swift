/// The bounds of what is read from the wire, and the protocol's number.
package enum WireLimits {
    /// A change of the wire format bumps it.
    package static let protocolVersion: UInt32 = 4
    /// The largest frame, bytes.
    package static let messageBytes = 4 << 20
    /// The frames of a message after the routing id.
    package static let frames = 2
    /// Messages queued towards a peer before the hub holds back.
    package static let queuedMessages = 256
    package static let chunks = 16_384
    /// Of a run: the one that decides and those of judges.
    package static let recipes = 16
    /// Of an evaluation that a learner's workers measure for.
    package static let otherRecipes = 4
    /// Items of an evaluation that a hub holds at a time.
    package static let otherItems = 4096
    /// Atoms of those.
    package static let otherAtoms = 1 << 20
    /// Crystals in a unit or a task.
    package static let crystals = 4096
    package static let sitesPerCrystal = 256
    /// Of a structure without sites.
    package static let atoms = 4096
    /// Quantities in a measurement, and the bytes of the name of one.
    package static let quantities = 256
    static let quantityNameBytes = 100
    static let textBytes = 1024
    package static let settingsBytes = 1 << 20
    package static let version = 1 << 40
    package static let window = 4096
}
