import Base

extension Double {
    /// The number for a table.
    func text(decimals: Int) -> String { HumanFormat.fixed(self, decimals: decimals) }
}
