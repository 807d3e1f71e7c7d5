internal import Crystals
package import Potentials
package import Stability
package import Trajectories

/// An outcome without score, on its way up.
package enum Rejection: Error {
    case invalid(InvalidCrystal)
    case failed(EvaluationFailure)

    package var outcome: Outcome {
        switch self {
        case .invalid(let reason): .invalid(reason)
        case .failed(let failure): .failed(failure)
        }
    }

    init(_ error: CrystalError) {
        switch error {
        case .latticeNotFinite: self = .invalid(.latticeNotFinite)
        case .impossibleLattice, .latticeAgainstGroup: self = .invalid(.latticeOutOfBounds)
        case .unknownWyckoffPosition: self = .invalid(.unknownWyckoffPosition)
        case .positionNotFinite, .siteOffPosition: self = .invalid(.positionNotFinite)
        case .noAtoms: self = .invalid(.noAtoms)
        }
    }

    package init(_ error: PotentialError) {
        switch error {
        case .emptyStructure: self = .invalid(.noAtoms)
        case .coincidentAtoms: self = .invalid(.atomsTooClose)
        case .tooManyNeighbours: self = .invalid(.tooManyNeighbours)
        case .degenerateCell, .nonFiniteGeometry: self = .invalid(.latticeOutOfBounds)
        case .unsupportedElement(let symbol, _, _), .unknownElement(let symbol, _, _):
            self = .failed(Element(symbol: symbol).map { .unsupportedElement($0) } ?? .engine(error.description))
        case .engine(let problem): self = .failed(EvaluationFailure(problem))
        case .noNeighbours, .notFinite, .modelUnreadable, .modelTensor, .modelUnsupported:
            self = .failed(.engine(error.description))
        }
    }

    package init(_ error: RelaxationError) {
        switch error {
        case .potential(let error): self.init(error)
        case .crystal(let error): self.init(error)
        case .symmetry, .missingDerivatives: self = .failed(.engine(error.description))
        }
    }

    package init(_ error: HullError) {
        if case .missingReference(let element) = error {
            self = .failed(.missingReference(element))
        } else {
            self = .failed(.engine(error.description))
        }
    }
}

extension EvaluationFailure {
    init(_ problem: PotentialError.EngineProblem) {
        switch problem {
        case .failed(let reason): self = .engine(reason)
        case .crashed: self = .engineCrashed
        case .timedOut: self = .engineTimedOut
        case .outOfMemory: self = .engineOutOfMemory
        case .notFinite(let quantity): self = .engineNotFinite(quantity)
        case .answer(let reason): self = .engineAnswer(reason)
        }
    }
}
