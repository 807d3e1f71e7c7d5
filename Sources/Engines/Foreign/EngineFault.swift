import Potentials

/// What went wrong with a batch, or with an engine as a whole.
enum EngineFault: Error, Sendable, Hashable {
    /// The process ended.
    case died(EngineDeath)
    /// The process ended in the middle of an answer.
    case truncated(EngineDeath)
    /// No answer within the time limit; the process is ended.
    case timedOut
    /// What is on standard output is not a frame; how it begins.
    case rubbish(String)
    /// The answer is for another batch.
    case wrongBatch(expected: UInt64, found: UInt64?)
    /// A frame that is not what was asked for: a missing array, another shape, another kind.
    case answer(String)
    /// A hello that was understood, of an engine that this worker cannot use: why. It would say the same again.
    case unfit(String)
    /// The engine says that its memory does not take the batch.
    case outOfMemory
    /// The engine says that it could not evaluate the batch.
    case failed(String)

    /// A stable name for counting.
    var reason: String {
        switch self {
        case .died: "died"
        case .truncated: "truncated"
        case .timedOut: "timed_out"
        case .rubbish: "rubbish"
        case .wrongBatch: "wrong_batch"
        case .answer, .unfit: "wrong_answer"
        case .outOfMemory: "out_of_memory"
        case .failed: "failed"
        }
    }

    /// Whether the engine goes on after it: it is at work, and said so itself.
    var isSaidByTheEngine: Bool {
        switch self {
        case .outOfMemory, .failed: true
        default: false
        }
    }

    /// What becomes of a structure that meets it alone.
    var problem: PotentialError.EngineProblem {
        switch self {
        case .died: .crashed
        case .timedOut: .timedOut
        case .outOfMemory: .outOfMemory
        case .failed(let reason): .failed(reason)
        case .truncated, .rubbish, .wrongBatch, .answer, .unfit: .answer(description)
        }
    }
}

extension EngineFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .died(let death): "the engine ended (\(death))"
        case .truncated(let death): "the engine ended in the middle of an answer (\(death))"
        case .timedOut: "the engine did not answer within the time limit"
        case .rubbish(let text):
            "the engine wrote on its standard output what is no answer: \"\(text)\"; what people read belongs on "
                + "standard error"
        case .wrongBatch(let expected, let found):
            "the engine answered for batch \(found.map { "\($0)" } ?? "of no number"), asked for was \(expected)"
        case .answer(let reason): "the engine's answer is not what was asked for: \(reason)"
        case .unfit(let reason): "the engine cannot be used here: \(reason)"
        case .outOfMemory: "the engine has not enough memory for the batch"
        case .failed(let reason): "the engine failed: \(reason)"
        }
    }
}
