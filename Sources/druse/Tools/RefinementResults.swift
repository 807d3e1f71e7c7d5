import Base
import Crystals
import Refinement
import StructureFiles
import Synchronization

/// Prints and writes what `druse refine` found, and says in the end how much was accepted.
final class RefinementResults {
    private let energy: RefinementEnergy
    private let isBest: Bool
    private let printer: AnswerPrinter
    private let writer: StructureFileWriter?
    private var before: [Double] = []
    private var after: [Double] = []
    private var walked = 0
    private var without = 0

    /// - Parameters:
    ///   - best: whether the best crystal of a walk is given, not the last one.
    ///   - writer: of the crystals.
    init(energy: RefinementEnergy, best: Bool, json: Bool, writer: StructureFileWriter?) {
        self.energy = energy
        isBest = best
        self.writer = writer
        printer = AnswerPrinter(
            json: json, title: "refining", goesOnUnread: writer != nil, showsProgress: false,
            columns: [
                .init(title: "group", width: 5, isNumber: true), .init(title: "before", width: 16),
                .init(title: "after", width: 16), .init(title: energy.name, width: 12, isNumber: true),
                .init(title: "before", width: 12, isNumber: true), .init(title: "log p", width: 9, isNumber: true),
                .init(title: "before", width: 9, isNumber: true), .init(title: "accepted", width: 8, isNumber: true),
            ])
    }

    func print(_ answers: [ToolAnswer<Refinement.Refined>]) throws {
        for answer in answers {
            guard let refined = try? answer.result.get() else { continue }
            let state = chosen(refined)
            walked += 1
            if state.energy == nil { without += 1 }
            try writer?.write(state.crystal, id: answer.id, properties: properties(state))
            if let old = refined.start.energy, let new = state.energy {
                before.append(energy.shown(old))
                after.append(energy.shown(new))
            }
        }
        try writer?.flush()
        try printer.print(answers, row: row)
    }

    /// - Throws: ``ToolFailure`` if every input failed, or the file cannot be written.
    func finish(_ refinement: CrystalRefinement) throws {
        try writer?.finish()
        try printer.finish()
        if let writer, writer.leftOut > 0 { writeMessage("\(writer.leftOut) crystals could not be written") }
        if !before.isEmpty {
            let (old, new) = (before.reduce(0, +) / Double(before.count), after.reduce(0, +) / Double(after.count))
            writeMessage(
                "\(energy.name): mean \(old.text(decimals: 4)) before, \(new.text(decimals: 4)) after, of "
                    + "\(before.count) that had one before")
        }
        if without > 0 {
            writeMessage(
                "\(without) of \(walked) crystals have no \(energy.name) at the end: the walk found no way to one")
        }
        let rates = MoveKind.allCases.compactMap { kind in
            refinement.moves[kind]?.rate.map { "\(kind.rawValue) \(Self.percent($0))" }
        }
        if !rates.isEmpty { writeMessage("accepted: \(rates.joined(separator: ", "))") }
        let exchanges = refinement.exchanges.compactMap { $0.rate.map(Self.percent) }
        if !exchanges.isEmpty { writeMessage("exchanged between chains: \(exchanges.joined(separator: ", "))") }
    }

    private func chosen(_ refined: Refinement.Refined) -> WalkState { isBest ? refined.best : refined.end }

    private func properties(_ state: WalkState) -> [(key: String, value: String)] {
        var properties = [(key: "logp", value: "\(state.logProbability)")]
        if let value = state.energy { properties.append((key: energy.name, value: "\(energy.shown(value))")) }
        return properties
    }

    /// What is not there becomes null.
    private func number(_ energy: Double?) -> JSONValue { .number(energy.map(self.energy.shown) ?? .nan) }

    private func row(_ refined: Refinement.Refined) -> AnswerPrinter.Row {
        let state = chosen(refined)
        let formulas = [refined.start, state].map(\.crystal.composition.reducedFormula)
        var total = MoveCount()
        for count in refined.moves.values { total += count }
        let acceptance = MoveKind.allCases.compactMap { kind in
            refined.moves[kind]?.rate.map { (key: kind.rawValue, value: JSONValue.number($0)) }
        }
        var fields = JSONValue.fields(of: state.crystal)
        fields += [
            ("formula", .text(formulas[1])), ("formula_before", .text(formulas[0])),
            (energy.name, number(state.energy)),
            ("\(energy.name)_before", number(refined.start.energy)),
            ("\(energy.name)_best", number(refined.best.energy)), ("logp", .number(state.logProbability)),
            ("logp_before", .number(refined.start.logProbability)), ("acceptance", .object(acceptance)),
        ]
        if !refined.exchanges.isEmpty {
            fields.append(("exchanges", .list(refined.exchanges.map { .number($0.rate ?? .nan) })))
        }
        func text(_ value: Double?) -> String { value.map { energy.shown($0).text(decimals: 4) } ?? "-" }
        return AnswerPrinter.Row(
            fields: fields,
            cells: [
                "\(state.crystal.spaceGroup.number)", formulas[0], formulas[1], text(state.energy),
                text(refined.start.energy), state.logProbability.text(decimals: 2),
                refined.start.logProbability.text(decimals: 2), total.rate.map(Self.percent) ?? "-",
            ])
    }

    private static func percent(_ rate: Double) -> String { "\((100 * rate).text(decimals: 1))%" }
}

/// The steps of all walks, as progress.
final class StepProgress: Sendable {
    private let progress: TerminalProgress
    private let done = Mutex(0)

    /// - Parameters:
    ///   - steps: of a walk.
    ///   - count: of walks; nil if that is not known.
    init(steps: Int, count: Int?) {
        progress = TerminalProgress(
            title: "refining", total: count.map { $0 * steps }, unit: "steps", style: .onTerminal())
    }

    /// From any thread.
    func add(_ steps: Int) {
        progress.update(
            done.withLock { done in
                done += steps
                return done
            })
    }

    func finish() { progress.finish() }
}
