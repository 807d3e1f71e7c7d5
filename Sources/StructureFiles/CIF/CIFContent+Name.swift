import Crystals

extension CIFContent {
    /// What the blocks of a file call their crystals; nil for a name that tells nothing, or that two of them have.
    static func ids(of contents: [Result<CIFContent, StructureFileError>]) -> [String?] {
        let names = contents.map { (try? $0.get())?.ownName }
        let counts = Dictionary(names.compactMap { $0 }.map { ($0, 1) }, uniquingKeysWith: +)
        return names.map { name in name.flatMap { counts[$0] == 1 ? $0 : nil } }
    }

    /// The name of the block where it is one of this crystal, such as "mp-149", "1000041" or "sample-0": it has a
    /// number, and is neither a formula nor a name that programs give whatever they write.
    private var ownName: String? {
        let isCounted = ["image", "vesta_phase_", "structure", "phase", "x", "i", "a"].contains { word in
            name.lowercased().hasPrefix(word) && name.dropFirst(word.count).allSatisfy(\.isNumber)
        }
        guard name.contains(where: \.isNumber), !isCounted, ChemicalFormula(name) == nil else { return nil }
        return name
    }
}
