package import Crystals

/// Why a crystal could not be evaluated although nothing is known to be wrong with it.
package enum EvaluationFailure: Sendable, Hashable {
    /// The hull has no energy of the pure element.
    case missingReference(Element)
    /// The potential does not know the element.
    case unsupportedElement(Element)
    /// The potential or the hull failed; the text tells how.
    case engine(String)
    /// The crystal ends the process that evaluates it, alone too.
    case engineCrashed
    /// The crystal makes no progress for longer than any evaluation takes, alone too.
    case engineTimedOut
    /// The engine has not enough memory for the crystal, alone too.
    case engineOutOfMemory
    /// The engine gave a number that is NaN or infinite; its name.
    case engineNotFinite(String)
    /// The engine's answer was not one to what was asked, alone too; the text tells how.
    case engineAnswer(String)
    /// Why is known by its code alone, as an archive keeps it.
    case coded(String)
}

extension EvaluationFailure {
    /// A stable code for counters and messages: `missing_reference`, `unsupported_element`, `engine`, `engine_crashed`,
    /// `engine_timed_out`, `engine_out_of_memory`, `engine_not_finite` or `engine_answer`.
    package var reason: String {
        switch self {
        case .missingReference: "missing_reference"
        case .unsupportedElement: "unsupported_element"
        case .engine: "engine"
        case .engineCrashed: "engine_crashed"
        case .engineTimedOut: "engine_timed_out"
        case .engineOutOfMemory: "engine_out_of_memory"
        case .engineNotFinite: "engine_not_finite"
        case .engineAnswer: "engine_answer"
        case .coded(let code): code
        }
    }

    /// What the code does not tell: the element's symbol or the engine's message; empty if it tells all.
    package var detail: String {
        switch self {
        case .missingReference(let element), .unsupportedElement(let element): element.symbol
        case .engine(let message), .engineNotFinite(let message), .engineAnswer(let message): message
        case .engineCrashed, .engineTimedOut, .engineOutOfMemory, .coded: ""
        }
    }

    /// A failure from its code and detail, as messages carry them; nil for what no build of this version writes.
    package init?(reason: String, detail: String) {
        switch reason {
        case "missing_reference":
            guard let element = Element(symbol: detail) else { return nil }
            self = .missingReference(element)
        case "unsupported_element":
            guard let element = Element(symbol: detail) else { return nil }
            self = .unsupportedElement(element)
        case "engine": self = .engine(detail)
        case "engine_crashed": self = .engineCrashed
        case "engine_timed_out": self = .engineTimedOut
        case "engine_out_of_memory": self = .engineOutOfMemory
        case "engine_not_finite": self = .engineNotFinite(detail)
        case "engine_answer": self = .engineAnswer(detail)
        default: return nil
        }
    }
}

extension EvaluationFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missingReference(let element): "the hull has no energy of elemental \(element.symbol)"
        case .unsupportedElement(let element): "the potential does not know \(element.symbol)"
        case .engine(let message): message
        case .engineCrashed: "the crystal crashes the engine"
        case .engineTimedOut: "the engine does not come to an end with the crystal"
        case .engineOutOfMemory: "the engine has not enough memory for the crystal"
        case .engineNotFinite(let quantity): "the engine gave no finite \(quantity)"
        case .engineAnswer(let message): message
        case .coded(let code): "it failed: \(code.replacing("_", with: " "))"
        }
    }
}
