import Crystals
import Trajectories

extension MeasuringResult {
    /// Reads a result. Its numbers may be anything: ``Admission`` judges them.
    init(wire: Druse_ItemResult) throws(WireError) {
        let outcome: Outcome
        switch wire.outcome {
        case .measured(let measurement): outcome = .measured(try Measurement(wire: measurement))
        case .invalid(let reason):
            let reason = try WireError.text(reason, "reason")
            guard let invalid = InvalidCrystal(rawValue: reason) else {
                throw .malformed("an unknown reason for an invalid crystal")
            }
            outcome = .invalid(invalid)
        case .failed(let failure):
            outcome = .failed(try EvaluationFailure(wire: failure))
        case nil:
            throw .malformed("a result without outcome")
        }
        self.init(outcome: outcome, seconds: WireError.seconds(wire.seconds))
    }

    var wire: Druse_ItemResult {
        var wire = Druse_ItemResult()
        wire.seconds = seconds
        wire.outcome =
            switch outcome {
            case .measured(let measurement): .measured(measurement.wire)
            case .invalid(let reason): .invalid(reason.rawValue)
            case .failed(let failure): .failed(failure.wire)
            }
        return wire
    }
}

extension Measurement {
    init(wire: Druse_Measurement) throws(WireError) {
        guard wire.quantities.count <= WireLimits.quantities else { throw .malformed("too many quantities") }
        var values: [Quantity: Double] = [:]
        for quantity in wire.quantities {
            let name = try WireError.text(quantity.name, atMost: WireLimits.quantityNameBytes, "quantity")
            guard values.updateValue(quantity.value, forKey: Quantity(rawValue: name)) == nil else {
                throw .malformed("the quantity \(name) twice")
            }
        }
        self.init(
            values, relaxed: wire.hasRelaxed ? try RelaxedGeometry(wire: wire.relaxed) : nil,
            relaxedAtoms: wire.hasRelaxedAtoms ? try RelaxedAtoms(wire: wire.relaxedAtoms) : nil)
    }

    var wire: Druse_Measurement {
        var wire = Druse_Measurement()
        if let relaxed { wire.relaxed = relaxed.wire }
        if let relaxedAtoms { wire.relaxedAtoms = relaxedAtoms.wire }
        wire.quantities = values.sorted { $0.key < $1.key }.map { quantity, value in
            var wire = Druse_Quantity()
            wire.name = quantity.rawValue
            wire.value = value
            return wire
        }
        return wire
    }
}

extension RelaxedGeometry {
    /// Its numbers may be anything, and as many as a crystal can have: ``Admission`` judges them.
    init(wire: Druse_RelaxedGeometry) throws(WireError) {
        let numbers = wire.positions
        guard numbers.count % 3 == 0, numbers.count <= 3 * WireLimits.sitesPerCrystal, wire.lattice.count == 6 else {
            throw .malformed(
                "a relaxed crystal of \(numbers.count) coordinates and \(wire.lattice.count) lattice numbers")
        }
        let positions = stride(from: 0, to: numbers.count, by: 3).map {
            SIMD3(numbers[$0], numbers[$0 + 1], numbers[$0 + 2])
        }
        self.init(positions: positions, lattice: LatticeParameters(values: wire.lattice))
    }

    var wire: Druse_RelaxedGeometry {
        var wire = Druse_RelaxedGeometry()
        wire.positions = positions.flatMap { [$0.x, $0.y, $0.z] }
        wire.lattice = lattice.values
        return wire
    }
}

extension EvaluationFailure {
    init(wire: Druse_Failure) throws(WireError) {
        let code = try WireError.text(wire.code, "code")
        let detail = try WireError.text(wire.detail, "detail")
        self = EvaluationFailure(reason: code, detail: detail) ?? .engine(detail.isEmpty ? code : "\(code): \(detail)")
    }

    var wire: Druse_Failure {
        var wire = Druse_Failure()
        wire.code = reason
        wire.detail = WireLimits.shortened(detail)
        return wire
    }
}

extension WireLimits {
    /// The text, cut to what a receiver takes.
    static func shortened(_ text: String) -> String {
        var text = text
        while text.utf8.count > textBytes { text = String(text.prefix(text.count * 3 / 4)) }
        return text
    }
}
