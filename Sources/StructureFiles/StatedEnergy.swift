internal import Base
package import Crystals
internal import Foundation

/// The energy that an entry of a file states for itself.
package struct StatedEnergy: Sendable, Hashable {
    package let composition: Composition
    /// eV/atom, with the entry's corrections.
    package let energyPerAtom: Double

    package init(composition: Composition, energyPerAtom: Double) {
        self.composition = composition
        self.energyPerAtom = energyPerAtom
    }
}

extension StatedEnergy {
    /// Reads `composition` with `energy` (eV for all of the composition, to which the corrections are added) or
    /// `energy_per_atom` (eV/atom, corrected as it stands).
    ///
    /// - Parameter structure: of the same entry; gives the composition where none is stated.
    /// - Returns: nil for an object with a structure and no energy.
    static func read(
        _ object: [String: Any], structure: Result<StructureInput, StructureFileError>?
    ) throws(Problem) -> StatedEnergy? {
        let composition = try object["composition"].flatMap { $0 is NSNull ? nil : $0 }
            .map { value throws(Problem) in try Composition(json: value) }
        let total = try number(object, "energy")
        let perAtom = try number(object, "energy_per_atom")
        guard total != nil || perAtom != nil else {
            if let key = unclearKeys.first(where: { object[$0].map { !($0 is NSNull) } ?? false }) {
                throw Problem(
                    "it states \"\(key)\" alone, which programs use in several meanings: give \"energy\" (eV for all "
                        + "atoms, corrected by \"correction\") or \"energy_per_atom\" (eV/atom)")
            }
            if structure != nil { return nil }
            throw Problem("\"energy\" is missing")
        }
        var contents = composition
        if case .success(let input)? = structure, let structure = try? input.structure() {
            contents = contents ?? structure.composition
            if let composition, !composition.isProportional(to: structure.composition) {
                throw Problem(
                    "its composition is \(composition.formula), but its structure has \(structure.composition.formula)")
            }
        }
        guard let contents else { throw Problem("\"composition\" is missing") }
        var energy = perAtom ?? 0
        if let total {
            do throws(EnergyCorrection.Problem) {
                let correction = try EnergyCorrection.total(
                    correction: try? number(object, "correction"), adjustments: try adjustments(object))
                energy = (total + correction) / contents.atomCount
            } catch {
                throw Problem(error.reason)
            }
            _ = try number(object, "correction")
            if let perAtom, (perAtom - energy).magnitude > agreement,
                (perAtom - total / contents.atomCount).magnitude > agreement
            {
                throw Problem("its energy is \(energy) eV/atom, but \"energy_per_atom\" says \(perAtom)")
            }
        }
        guard energy.isFinite else { throw Problem("the energy is not a finite number") }
        return StatedEnergy(composition: contents, energyPerAtom: energy)
    }

    /// Whether an object says anything of its energy, or has a composition, which without an energy is of no use.
    static func isMentioned(in object: [String: Any]) -> Bool {
        (["composition", "energy", "energy_per_atom"] + unclearKeys).contains { object[$0] != nil }
    }

    /// Energies whose corrections, or number of atoms, their name leaves open.
    private static let unclearKeys = [
        "total_energy", "final_energy", "final_energy_per_atom", "uncorrected_energy", "uncorrected_energy_per_atom",
    ]

    /// The keys under which the header of a frame states an energy: eV for all of its atoms, or eV/atom.
    static let keys = ["energy", "dft_energy", "ref_energy", "free_energy", "energy_per_atom"]

    /// The energy that stands beside a structure under one or several of ``keys``.
    ///
    /// `free_energy` counts where nothing else is stated: it goes along with `energy` and differs by the smearing.
    /// - Throws: ``Problem`` for what is no number, and for energies that differ.
    static func of(_ structure: Structure, _ texts: [(key: String, text: String)]) throws(Problem) -> StatedEnergy? {
        var found: [(key: String, perAtom: Double)] = []
        for (key, text) in texts {
            guard let value = parseDecimal(trimming: text) else {
                throw Problem("\"\(key)\" must be a number, not \(text)")
            }
            guard key != "free_energy" || found.isEmpty else { continue }
            found.append((key, key == "energy_per_atom" ? value : value / Double(structure.atomCount)))
        }
        if found.count > 1, found[0].key == "free_energy" { found.removeFirst() }
        guard let first = found.first else { return nil }
        if let other = found.first(where: { ($0.perAtom - first.perAtom).magnitude > agreement }) {
            throw Problem(
                "\"\(first.key)\" is \(first.perAtom) eV/atom and \"\(other.key)\" \(other.perAtom): leave the one "
                    + "that is meant")
        }
        return StatedEnergy(composition: structure.composition, energyPerAtom: first.perAtom)
    }

    /// Energies that are stated twice agree within this, eV/atom, as they are rounded.
    package static let agreement = 2e-3

    /// What is wrong with an entry.
    struct Problem: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    /// A number; nil if the key is missing or null.
    private static func number(_ object: [String: Any], _ key: String) throws(Problem) -> Double? {
        guard let value = object[key], !(value is NSNull) else { return nil }
        guard let number = JSONTree.number(value), number.isFinite else {
            guard let text = value as? String else { throw Problem("\"\(key)\" must be a number, not \(value)") }
            let advice = parseDecimal(trimming: text) == nil ? "" : ": take the quotes off"
            throw Problem("\"\(key)\" must be a number, not the text \"\(text.prefix(40))\"\(advice)")
        }
        return number
    }

    private static func adjustments(
        _ object: [String: Any]
    ) throws(EnergyCorrection.Problem) -> [EnergyAdjustment] {
        guard let list = object["energy_adjustments"], !(list is NSNull) else { return [] }
        guard let items = list as? [[String: Any]] else {
            throw EnergyCorrection.Problem(reason: "\"energy_adjustments\" must be a list of objects")
        }
        return items.map { item in
            var adjustment = EnergyAdjustment()
            for key in EnergyAdjustment.keys { adjustment[key] = JSONTree.number(item[key]) }
            return adjustment
        }
    }
}

extension Composition {
    /// Reads amounts by symbol; charges behind the symbols ("Fe2+") are dropped, ions of one element added up.
    fileprivate init(json value: Any) throws(StatedEnergy.Problem) {
        guard let amounts = value as? [String: Any] else {
            throw StatedEnergy.Problem("\"composition\" must be an object of amounts such as {\"Na\": 1, \"Cl\": 1}")
        }
        var sums: [Element: Double] = [:]
        for (symbol, amount) in amounts.sorted(by: { $0.key < $1.key }) where !symbol.hasPrefix("@") {
            guard let element = Element(species: symbol) else {
                throw StatedEnergy.Problem("\"\(symbol)\" is not an element")
            }
            guard let number = JSONTree.number(amount), number == 0 || (1e-9..<1e9).contains(number) else {
                throw StatedEnergy.Problem("the amount of \(symbol) is \(amount); it must be 0, or 1e-9 to 1e9")
            }
            sums[element, default: 0] += number
        }
        self.init(sums)
        guard atomCount > 0 else { throw StatedEnergy.Problem("the composition has no atoms") }
    }

    /// Whether two compositions are the same but for the number of formula units.
    fileprivate func isProportional(to other: Composition) -> Bool {
        elements == other.elements
            && elements.allSatisfy { (fraction(of: $0) - other.fraction(of: $0)).magnitude < 1e-3 }
    }
}
