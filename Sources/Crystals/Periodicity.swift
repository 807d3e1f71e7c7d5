/// The flags that say along which vectors a cell repeats.
package enum Periodicity {
    /// Reads a flag as files have it: T, True, true, 1 and their opposites; nil for anything else.
    package static func flag(_ text: some StringProtocol) -> Bool? {
        switch text.lowercased() {
        case "t", "true", ".true.", "1": true
        case "f", "false", ".false.", "0": false
        default: nil
        }
    }

    /// What is wrong with flags for a crystal; nil if nothing is.
    package static func problem(_ flags: [Bool?], text: String) -> String? {
        guard !flags.isEmpty, flags.count == 3 || flags.count == 1, flags.allSatisfy({ $0 != nil }) else {
            return "pbc is \"\(text)\"; it must be three flags, T or F"
        }
        guard flags.contains(false) else { return nil }
        return "pbc is \"\(text)\": a structure that does not repeat along all three vectors has no energy here; "
            + "for a sheet or molecule in a box of vacuum say pbc=\"T T T\""
    }
}
