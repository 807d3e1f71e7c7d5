import Base
import Crystals
import Potentials
import StructureFiles
import Synchronization

/// A number that several threads count up.
final class SharedCount: Sendable {
    private let value: Mutex<Int>

    init(_ value: Int) { self.value = Mutex(value) }

    /// The number after one is added.
    func increment() -> Int {
        value.withLock {
            $0 += 1
            return $0
        }
    }
}

/// Structures with values, as a head learns from them: their features, and what was left out and why.
struct PropertyData {
    private(set) var examples: [HeadExample] = []
    private var counts: [String: Int] = [:]
    private let targets: [String]
    private let team: ThreadTeam
    private let evaluators: [Owned]

    /// An evaluator that one thread of the team uses at a time.
    private struct Owned: @unchecked Sendable {
        let evaluator: CHGNetEvaluator
    }

    private static let batchSize = 256

    init(targets: [String], potential: CHGNet, team: ThreadTeam) {
        self.targets = targets
        self.team = team
        evaluators = (0..<team.threadCount).map { _ in Owned(evaluator: potential.makeCHGNetEvaluator()) }
    }

    /// The entries that gave no example, by reason, most frequent first.
    var leftOut: [HeadRecord.Count] {
        counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { HeadRecord.Count(reason: $0.key, count: $0.value) }
    }

    /// The same for people.
    var reasons: String { Self.text(leftOut) }

    static func text(_ counts: [HeadRecord.Count]) -> String {
        counts.isEmpty ? "there are no entries" : counts.map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
    }

    private enum Outcome: Sendable {
        case example(HeadExample)
        case leftOut(String)
    }

    mutating func read(_ structures: StructureSequence) throws {
        let progress = TerminalProgress(title: "features", total: nil, unit: "structures", style: .onTerminal())
        var sequence = structures
        var done = 0
        while true {
            var readers: [@Sendable () -> StructureEntry] = []
            while readers.count < Self.batchSize, let reader = sequence.nextReader() { readers.append(reader) }
            if readers.isEmpty { break }
            let (targets, evaluators) = (targets, evaluators)
            for outcome in team.map(readers, { Self.outcome($0(), targets, evaluators[$1].evaluator) }) {
                switch outcome {
                case .example(let example): examples.append(example)
                case .leftOut(let reason): counts[reason, default: 0] += 1
                }
            }
            done += readers.count
            progress.update(done)
        }
        progress.finish()
    }

    private static func outcome(
        _ entry: StructureEntry, _ targets: [String], _ evaluator: CHGNetEvaluator
    ) -> Outcome {
        let input: StructureInput
        do throws(StructureFileError) { input = try entry.input.get() } catch { return unreadable(error) }
        var values: [Double] = []
        for target in targets {
            switch entry.numbers[target] {
            case .success(let value): values.append(value)
            case .failure: return .leftOut("whose \(target) is no finite number")
            case nil: return .leftOut("without a \(target)")
            }
        }
        let structure: Structure
        do throws(StructureFileError) {
            structure = try input.structure(cell: .primitive)
        } catch { return unreadable(error) }
        switch evaluator.features(of: [structure]).first {
        case .success(let features):
            return .example(
                HeadExample(id: entry.id, composition: structure.composition, features: features, values: values))
        case .failure(.unsupportedElement(let symbol, _, _)):
            return .leftOut("with an element out of reach (\(symbol))")
        case .failure, nil: return .leftOut("without features (the potential refuses the structure)")
        }
    }

    private static func unreadable(_ error: StructureFileError) -> Outcome {
        .leftOut("with unreadable structure (\(error.kind))")
    }
}
