import Crystals
import Potentials
import Trajectories

/// What a foreign engine says of itself.
struct EngineIdentity: Sendable, Hashable {
    /// The number of the protocol.
    static let protocolNumber = 1
    private static let quantityLimit = 64
    /// Quantities with a meaning of their own, and the one unit that each may have.
    private static let units = [
        "energy": "eV", "energy_per_atom": "eV/atom", "forces": "eV/Å", "stress": "eV/Å^3", "uncertainty": "eV/atom",
    ]
    /// What is not one number a structure beside the energy.
    private static let properties: Set = ["energy", "energy_per_atom", "forces", "stress"]

    /// The name by which a run asks for it, such as "mace-mp-0".
    var name: String
    var version: String
    /// Of its weights; empty if it gives none.
    var digest: String
    var convention: EnergyConvention
    var quantities: [EngineQuantity]

    /// - Throws: ``EngineFault/unfit(_:)`` for a hello of an engine that this worker cannot use, and
    ///   ``EngineFault/answer(_:)`` for what is no hello.
    init(_ header: EngineHeader) throws(EngineFault) {
        guard header.kind == "hello" else { throw .answer("\"\(header.kind)\" in place of \"hello\"") }
        guard header.protocolNumber == Self.protocolNumber else {
            throw .unfit(
                "it speaks protocol \(header.protocolNumber.map { "\($0)" } ?? "of no number"), this worker "
                    + "\(Self.protocolNumber)")
        }
        name = header.name ?? ""
        version = header.version ?? ""
        digest = header.digest ?? ""
        guard !name.isEmpty, ([name, version, digest].allSatisfy { $0.utf8.count <= 200 && Self.isOneLine($0) }) else {
            throw .unfit("its name, version or digest is missing, too long, or more than a line")
        }
        guard let convention = header.energyConvention.flatMap(EnergyConvention.init(rawValue:)) else {
            throw .unfit(
                "its energy_convention is \(header.energyConvention.map { "\"\($0)\"" } ?? "missing"); it must be "
                    + EnergyConvention.allCases.map(\.rawValue).joined(separator: ", "))
        }
        self.convention = convention
        quantities = header.quantities ?? []
        guard quantities.count <= Self.quantityLimit else {
            throw .unfit("it gives more than \(Self.quantityLimit) quantities")
        }
        var names: Set<String> = []
        for quantity in quantities {
            if let problem = Self.problem(of: quantity) { throw .unfit(problem) }
            guard names.insert(quantity.name).inserted else { throw .unfit("it gives \(quantity.name) twice") }
        }
        guard !names.isDisjoint(with: ["energy", "energy_per_atom"]) else {
            throw .unfit("it gives no energy (eV) and no energy_per_atom (eV/atom)")
        }
    }

    /// The energy it is asked for: the one per atom where there are both.
    var energyName: String {
        quantities.contains { $0.name == "energy_per_atom" } ? "energy_per_atom" : "energy"
    }

    /// What it can be asked for beside that.
    var properties: PotentialProperties {
        var properties = PotentialProperties.energy
        for (name, property) in [("forces", PotentialProperties.forces), ("stress", .stress)]
        where quantities.contains(where: { $0.name == name }) { properties.insert(property) }
        return properties
    }

    /// What else it gives, one number a structure.
    var extraNames: [String] { quantities.map(\.name).filter { !Self.properties.contains($0) } }

    /// What speaks against a quantity; nil if nothing.
    private static func problem(of quantity: EngineQuantity) -> String? {
        let name = quantity.name
        // Text of an engine is shown in short.
        let (shown, shownUnit) = (EngineFrame.shown(name), EngineFrame.shown(quantity.unit))
        if let unit = units[name] {
            return unit == quantity.unit ? nil : "\(shown) is in \"\(shownUnit)\"; it must be in \(unit)"
        }
        if let problem = QuantityName.problem(of: name) {
            return "it gives \"\(shown)\", \(problem): give it another name"
        }
        guard let unit = Measurement.Quantity(rawValue: name).unit else { return nil }
        // A number without a unit may say so in either way.
        let isSame = unit == quantity.unit || (unit == "1" && quantity.unit.isEmpty)
        return isSame ? nil : "\(shown) is in \"\(shownUnit)\"; it must be in \(unit), as a run has it"
    }

    private static func isOneLine(_ text: String) -> Bool { !text.contains { $0.isNewline } }
}

extension EngineIdentity: CustomStringConvertible {
    /// Name, version, digest and energy convention.
    var label: String {
        "\(name) \(version)\(digest.isEmpty ? "" : " (digest \(digest))"), \(convention.rawValue)"
    }

    /// For logs.
    var description: String {
        let units = quantities.map { "\($0.name) [\($0.unit)]" }.joined(separator: ", ")
        return "\(label), gives \(units)"
    }
}
