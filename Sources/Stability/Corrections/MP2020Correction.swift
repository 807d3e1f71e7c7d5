package import Crystals

/// What the scheme MaterialsProject2020Compatibility adds to the energy of a PBE or PBE+U calculation, so that oxides,
/// other anions, and oxides of metals computed with a Hubbard U stand on one scale (Wang et al., Sci. Rep. 11, 15496).
///
/// Each rule is a number by element times its atoms. The scheme is taken as it is meant; the reference implementation
/// of the fine-tuning (CrystalFormer-RL), as written, corrects only compounds that are computed with a U, and leaves
/// MgO or NaCl as they are (``usesHubbardU`` tells which those are).
package struct MP2020Correction: Sendable, Hashable {
    /// One of the additions.
    package struct Adjustment: Sendable, Hashable {
        /// As the reference calls it, such as "anion correction (oxide)".
        package let name: String
        /// eV for the cell.
        package let energy: Double
    }

    /// In the order of the rules: sulfur, oxygen, other anions, metals with a U.
    package let adjustments: [Adjustment]
    /// Whether the Materials Project computes the compound with a Hubbard U.
    package let usesHubbardU: Bool

    /// eV for the cell.
    package var energy: Double { adjustments.reduce(0) { $0 + $1.energy } }

    /// The correction of a structure, its cell taken as it is: two oxygens are partners only if they are different
    /// atoms of the cell, and no images.
    package init(of structure: Structure) {
        let composition = structure.composition
        let mostElectronegative = Self.mostElectronegative(of: composition)
        let mixing = Self.mixing(with: mostElectronegative)
        usesHubbardU = composition.elements.contains { mixing[$0.symbol] != nil }
        var adjustments: [Adjustment] = []
        func add(_ name: String, _ value: Double, times element: Element) {
            adjustments.append(Adjustment(name: name, energy: value * (composition.amounts[element] ?? 0)))
        }
        func addAnion(_ kind: String, times element: Element) {
            if let value = Self.anions[kind] { add("anion correction (\(kind))", value, times: element) }
        }
        if composition.amounts.count > 1 {
            if composition.amounts[.sulfur] != nil, !SulfurKind.isSulfate(structure) { addAnion("S", times: .sulfur) }
            if composition.amounts[.oxygen] != nil { addAnion(OxideKind(of: structure).rawValue, times: .oxygen) }
            for element in Self.anions(of: composition, mostElectronegative) {
                addAnion(element.symbol, times: element)
            }
            for element in composition.elements {
                guard let value = mixing[element.symbol] else { continue }
                add("GGA/GGA+U mixing correction (\(element.symbol))", value, times: element)
            }
        }
        self.adjustments = adjustments
    }

    /// The elements beside sulfur and oxygen that count as anions.
    private static func anions(of composition: Composition, _ mostElectronegative: Element?) -> [Element] {
        let candidates = composition.elements.filter { otherAnions.contains($0.symbol) }
        guard !candidates.isEmpty else { return [] }
        let states = OxidationStates.guess(composition) ?? [:]
        return candidates.filter { element in
            let state = states[element] ?? 0
            return state <= -1 || (state >= 0 && element == mostElectronegative)
        }
    }

    /// The element of the largest electronegativity; of equal ones, the last by symbol. Elements without one are
    /// lowest.
    private static func mostElectronegative(of composition: Composition) -> Element? {
        composition.elements.max { left, right in
            (left.electronegativity ?? 0, left.symbol) < (right.electronegativity ?? 0, right.symbol)
        }
    }

    /// The numbers of the metals with a U beside an anion, eV an atom.
    private static func mixing(with anion: Element?) -> [String: Double] {
        anion == .oxygen || anion == .fluorine ? metals : [:]
    }

    /// eV an atom of the anion.
    private static let anions: [String: Double] = [
        "oxide": -0.687, "peroxide": -0.465, "superoxide": -0.161, "ozonide": 0, "S": -0.503, "F": -0.462,
        "Cl": -0.614, "Br": -0.534, "I": -0.379, "N": -0.361, "Se": -0.472, "Si": 0.071, "Sb": -0.192, "Te": -0.422,
        "H": -0.179,
    ]
    private static let otherAnions: Set = ["Br", "I", "Se", "Si", "Sb", "Te", "H", "N", "F", "Cl"]
    /// eV an atom of the metal, in oxides and fluorides.
    private static let metals: [String: Double] = [
        "V": -1.7, "Cr": -1.999, "Mn": -1.668, "Fe": -2.256, "Co": -1.638, "Ni": -2.541, "W": -4.438, "Mo": -3.202,
    ]
}
