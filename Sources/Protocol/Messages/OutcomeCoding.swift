import Trajectories

extension CrystalResult {
    /// Reads a result. Its numbers may be anything: ``Admission`` judges them.
    init(wire: Druse_CrystalResult) throws(WireError) {
        let outcome: RewardOutcome
        switch wire.outcome {
        case .scored(let score):
            outcome = .scored(
                Score(
                    energyPerAtom: score.energyPerAtom, energyAboveHull: score.energyAboveHull, reward: score.reward))
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
        self.init(
            id: try CrystalID(wire: wire.id),
            result: ScoringResult(outcome: outcome, seconds: WireError.seconds(wire.seconds)))
    }

    var wire: Druse_CrystalResult {
        var wire = Druse_CrystalResult()
        wire.id = id.wire
        wire.seconds = result.seconds
        switch result.outcome {
        case .scored(let score):
            var value = Druse_Score()
            value.energyPerAtom = score.energyPerAtom
            value.energyAboveHull = score.energyAboveHull
            value.reward = score.reward
            wire.outcome = .scored(value)
        case .invalid(let reason): wire.outcome = .invalid(reason.rawValue)
        case .failed(let failure): wire.outcome = .failed(failure.wire)
        }
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
