import Base
import Crystals

/// What a data block says of its space group beside operations: a Hall symbol, a Hermann-Mauguin symbol, a code of the
/// axes, a number.
struct CIFSymmetryStatement {
    /// Operations that the statements may mean.
    struct Candidate {
        let operations: [AffineOperation]
        let spaceGroup: SpaceGroup?
        /// The least is what is meant by convention.
        let rank: Int
        let name: String
        /// What tells the operations apart from those of others.
        let codes: [Int]

        init(_ setting: SpaceGroupSetting, rank: Int) {
            operations = setting.operations
            spaceGroup = setting.spaceGroup
            self.rank = rank
            name = setting.name
            codes = setting.codes
        }

        init(_ operations: [AffineOperation], spaceGroup: SpaceGroup?, name: String) {
            self.operations = operations
            self.spaceGroup = spaceGroup
            self.name = name
            rank = 0
            codes = operations.compactMap(\.code).sorted()
        }
    }

    private let hall: (text: String, readings: [(symbol: String, operations: [AffineOperation])])?
    private let symbol: (text: String, matches: [SpaceGroupSymbol.Match])?
    private let code: String?
    private let number: SpaceGroup?
    /// A Hall symbol that breaks the grammar, where no other symbol is given.
    private let unreadHall: String?
    /// What the file states twice, and not alike.
    private let conflict: String?

    /// - Throws: ``StructureFileError/cif(_:detail:)`` for a number outside 1...230.
    init(_ document: CIFDocument, _ tags: CIFSymmetryTags) throws(StructureFileError) {
        func given(_ kind: CIFSymmetryTag) -> [String] {
            tags.values(kind).map { value in
                document.text(value).split(whereSeparator: \.isWhitespace).joined(separator: " ")
            }
        }
        var numbers: [SpaceGroup] = []
        for text in given(.number) {
            guard let value = parseDecimal(text.utf8), let whole = Int(exactly: value),
                let group = SpaceGroup(number: whole)
            else { throw .cif(.unknownSpaceGroup, detail: text) }
            if !numbers.contains(group) { numbers.append(group) }
        }
        number = numbers.first
        let halls = given(.hall)
        hall = halls.lazy.map { ($0, HallSymbol.readings($0)) }.first { !$0.1.isEmpty }
        code = given(.code).first.map(SpaceGroupSymbol.normalized)
        let symbols = given(.symbol).map { ($0, SpaceGroupSymbol($0).matches) }
        let joined = CIFSymmetryStatement.joined(symbols)
        symbol = joined.symbol ?? given(.referenceSymbol).first.map { ($0, SpaceGroupSymbol($0).matches) }
        conflict =
            numbers.count > 1
            ? "the numbers " + numbers.map { "\($0.number)" }.joined(separator: " and ") : joined.conflict
        // Used where nothing else tells the setting.
        unreadHall = hall == nil && symbol == nil ? halls.first : nil
    }

    /// What several symbols mean together: the settings that all of them name, or, where they name none in common, all
    /// settings of the one group, for the evidence to decide.
    private static func joined(
        _ symbols: [(text: String, matches: [SpaceGroupSymbol.Match])]
    ) -> (symbol: (text: String, matches: [SpaceGroupSymbol.Match])?, conflict: String?) {
        let readable = symbols.filter { !$0.matches.isEmpty }
        guard var symbol = readable.first else { return (symbols.first, nil) }
        for other in readable.dropFirst() {
            let common = symbol.matches.filter { match in
                other.matches.contains { $0.setting.hallNumber == match.setting.hallNumber }
            }
            if !common.isEmpty {
                symbol.matches = common
            } else if other.matches[0].setting.spaceGroup == symbol.matches[0].setting.spaceGroup {
                symbol.matches += other.matches
            } else {
                return (symbol, "the symbols \(symbol.text) and \(other.text)")
            }
        }
        return (symbol, nil)
    }
}

extension CIFSymmetryStatement {
    /// What is stated, for messages.
    private var text: String {
        [symbol?.text, hall?.text, number.map { "number \($0.number)" }].compactMap { $0 }.joined(separator: ", ")
    }

    /// The settings that symbol, code and number leave.
    /// - Throws: ``StructureFileError/cif(_:detail:)`` where they contradict each other, or nothing is left.
    private func settings() throws(StructureFileError) -> [Candidate] {
        if let conflict {
            throw .cif(.contradictorySymmetry, detail: "\(conflict) are of different groups: correct one of them")
        }
        var matches: [SpaceGroupSymbol.Match]
        if let symbol {
            guard !symbol.matches.isEmpty else {
                throw .cif(
                    .unknownSpaceGroup,
                    detail: "\(symbol.text): list the operations, or give the Hall symbol or a symbol as in the "
                        + "International Tables")
            }
            matches = symbol.matches
            if let number {
                matches = matches.filter { $0.setting.spaceGroup == number }
                guard !matches.isEmpty else {
                    let own = symbol.matches[0].setting.spaceGroup.number
                    throw .cif(
                        .contradictorySymmetry,
                        detail: "\(symbol.text) is number \(own), but the file states \(number.number)")
                }
            }
        } else if let number {
            matches = SpaceGroupSetting.settings(of: number).map { setting in
                let isStandard = ["", "b", "b1", "H", "R", "1", "2"].contains(setting.choice)
                return SpaceGroupSymbol.Match(setting: setting, rank: isStandard ? 0 : 1)
            }
        } else {
            return []
        }
        if let code {
            let meant = matches.filter { SpaceGroupSymbol.isMeant($0.setting, by: code) }
            guard !meant.isEmpty else {
                throw .cif(.contradictorySymmetry, detail: "\(text) has no setting with the code \(code)")
            }
            matches = meant
        }
        return matches.map { Candidate($0.setting, rank: $0.rank) }
    }

    /// All that may be meant.
    private func candidates(_ cell: Cell) throws(StructureFileError) -> [Candidate] {
        guard let hall else {
            if let unreadHall { throw .cif(.unknownSpaceGroup, detail: "Hall symbol \(unreadHall)") }
            return try settings()
        }
        var readings = hall.readings.map { reading in
            Candidate(
                reading.operations, spaceGroup: SpaceGroup(operations: reading.operations, cell: cell) ?? number,
                name: reading.symbol)
        }
        if readings.count > 1 {
            let stated = Set([number].compactMap { $0 } + (symbol?.matches ?? []).map(\.setting.spaceGroup))
            let meant = readings.filter { $0.spaceGroup.map { stated.contains($0) } ?? false }
            guard !meant.isEmpty || !stated.isEmpty else { return readings }
            if !meant.isEmpty { readings = meant }
        }
        let (own, group) = (readings[0], readings[0].spaceGroup)
        if let number, let group, group != number {
            throw .cif(
                .contradictorySymmetry,
                detail: "the Hall symbol \(hall.text) is number \(group.number), but the file states \(number.number)")
        }
        // A Hermann-Mauguin symbol that is not understood adds nothing to a Hall symbol.
        guard let symbol, !symbol.matches.isEmpty, let group else { return [own] }
        let others = try settings()
        if others.contains(where: { $0.codes == own.codes }) { return [own] }
        guard others.contains(where: { $0.spaceGroup == group }) else {
            throw .cif(
                .contradictorySymmetry,
                detail: "the Hall symbol \(hall.text) is number \(group.number), but \(symbol.text) is another")
        }
        // Of one group, but in another setting: the evidence decides.
        return [own] + others.map { Candidate($0.operations, spaceGroup: $0.spaceGroup, name: $0.name) }
    }

    /// The one candidate that cell, formula, Z and multiplicities leave; nil if no symmetry is stated.
    /// - Throws: ``StructureFileError/cif(_:detail:)`` with the choices where there are several, or none.
    func chosen(_ evidence: CIFSymmetryEvidence) throws(StructureFileError) -> Candidate? {
        let stated = try candidates(evidence.cell)
        guard !stated.isEmpty else { return nil }
        let fitting = CIFSymmetryStatement.fitting(stated, evidence)
        guard !fitting.isEmpty else {
            throw .cif(
                .cellAgainstSymmetry, detail: "\(text) asks for equal axes or right angles that it does not have")
        }
        let assessed = fitting.map { (candidate: $0, assessment: evidence.assess($0.operations)) }
        if assessed.count == 1 {
            if let contradiction = assessed[0].assessment.contradiction {
                throw .cif(.contradictorySymmetry, detail: "\(text): \(contradiction)")
            }
            return assessed[0].candidate
        }
        let possible = assessed.filter { $0.assessment.contradiction == nil && $0.assessment.objection == nil }
        let best = possible.map(\.candidate.rank).min()
        let left = possible.filter { $0.candidate.rank == best }
        if let first = left.first, left.allSatisfy({ evidence.isSame($0.assessment, first.assessment) }) {
            return first.candidate
        }
        let choices = (left.isEmpty ? fitting : left.map(\.candidate)).prefix(6).map(\.name)
        throw .cif(
            .unclearSetting,
            detail: "\(text) may be \(choices.joined(separator: " or ")), and "
                + (left.isEmpty ? "none fits formula and sites" : "cell, formula and sites fit each")
                + ": write one of them, or list the operations")
    }

    /// The candidates whose symmetry the cell has, those it has to the last digit first choice; one for each group of
    /// operations.
    private static func fitting(_ candidates: [Candidate], _ evidence: CIFSymmetryEvidence) -> [Candidate] {
        let strained = candidates.map { ($0, evidence.strain($0.operations)) }
        let exact = strained.filter { $0.1 <= 0.02 }
        var seen: Set<[Int]> = []
        return (exact.isEmpty ? strained.filter { $0.1 <= 1 } : exact).map(\.0).sorted { $0.rank < $1.rank }.filter {
            seen.insert($0.codes).inserted
        }
    }

    /// The group of listed operations.
    /// - Throws: ``StructureFileError/cif(_:detail:)`` where symbol, number, Z or multiplicities contradict them.
    func group(
        of operations: [AffineOperation], _ evidence: CIFSymmetryEvidence
    ) throws(StructureFileError) -> SpaceGroup? {
        let group = SpaceGroup(operations: operations, cell: evidence.cell)
        let assessment = evidence.assess(operations)
        let stated = Set([number].compactMap { $0 } + (symbol?.matches ?? []).map(\.setting.spaceGroup))
        if let group, !stated.isEmpty, !stated.contains(group), !assessment.isConfirmed {
            // No matter where both make the same atoms, as where every atom is listed.
            let others = CIFSymmetryStatement.fitting((try? settings()) ?? [], evidence)
            let isHarmless = others.contains { evidence.isSame(evidence.assess($0.operations), assessment) }
            guard isHarmless else {
                throw .cif(
                    .contradictorySymmetry,
                    detail: "the operations listed are those of \(group.symbol) (\(group.number)), but the file states "
                        + "\(text)\(assessment.contradiction.map { "; \($0)" } ?? ""): list all operations, or correct "
                        + "symbol and number")
            }
        }
        if let contradiction = assessment.contradiction {
            throw .cif(
                .contradictorySymmetry,
                detail: "\(contradiction): \(operations.count == 1 ? "only x,y,z is listed" : "see the operations")")
        }
        return group ?? number
    }
}

extension CIFSymmetryEvidence {
    /// Whether two choices of operations make the same atoms.
    func isSame(_ left: Assessment, _ right: Assessment) -> Bool {
        guard left.atoms.count == right.atoms.count else { return false }
        return left.atoms.allSatisfy { atom in
            right.atoms.contains {
                $0.element == atom.element && cell.length(nearestImage($0.position - atom.position)) < 0.02
            }
        }
    }
}
