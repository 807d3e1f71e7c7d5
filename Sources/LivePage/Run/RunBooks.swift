internal import Archive
internal import Base
internal import Crystals
internal import Foundation
internal import Report

/// What became of a run's crystals: the ledger, reasons, elements, heights above the hull, and evaluations.
struct RunBooks {
    let json: JSONValue

    /// Below this energy above the hull a crystal is an artefact of the potential, eV/atom.
    static let implausible = ReportData.implausibleEnergy
    /// Begin and end are so many versions at most.
    private static let periodLength = 5
    private static let lowerEdge = -0.3
    private static let binWidth = 0.05
    private static let binCount = 30

    init(_ archive: RunArchive, _ directory: RunDirectory, stableBelow: Double) throws {
        let ledger = try archive.ledger(maximumStaleness: directory.maximumStaleness)
        var fields: JSONFields = [
            ("stable_below", .number(stableBelow)), ("ledger", ledger.json), ("line", .text(ledger.line)),
            (
                "outcomes",
                .list(
                    try archive.outcomes().map { outcome in
                        .object([
                            ("outcome", .text(outcome.outcome.rawValue)), ("reason", .text(outcome.reason ?? "")),
                            ("crystals", .integer(outcome.count)),
                        ])
                    })
            ),
        ]
        if let range = try archive.versionRange() {
            let length = min(Self.periodLength, max(1, range.count / 2))
            let first = range.lowerBound...(range.lowerBound + length - 1)
            let last = (range.upperBound - length + 1)...range.upperBound
            fields.append(("before", try Self.period(archive, first)))
            if range.count > 1 { fields.append(("after", try Self.period(archive, last))) }
            fields.append(("elements", try Self.elements(archive, last)))
        }
        let evaluations = [("before", directory.evaluationBefore), ("after", directory.evaluationAfter)]
        let told = evaluations.compactMap { name, url -> (key: String, value: JSONValue)? in
            guard let summary = try? EvaluationSummary.read(url) else { return nil }
            return (name, Self.evaluation(summary))
        }
        if !told.isEmpty { fields.append(("evaluation", .object(told))) }
        json = .object(fields)
    }

    private static func period(_ archive: RunArchive, _ versions: ClosedRange<Int>) throws -> JSONValue {
        let histogram = try archive.energyHistogram(
            versions: versions, lowerEdge: lowerEdge, binWidth: binWidth, binCount: binCount)
        return .object([
            ("first", .integer(versions.lowerBound)), ("last", .integer(versions.upperBound)),
            ("crystals", .integer(histogram.crystalCount)), ("lower", .number(lowerEdge)),
            ("width", .number(binWidth)), ("counts", .list(histogram.counts.map { .integer($0) })),
            ("below", .integer(histogram.below)), ("above", .integer(histogram.above)),
        ])
    }

    /// Each element with its place in the table, and how many crystals of the newest versions have it.
    private static func elements(_ archive: RunArchive, _ versions: ClosedRange<Int>) throws -> JSONValue {
        let counts = try archive.elementCounts(versions: versions)
        let total = try archive.outcomes(versions: versions).reduce(0) { $0 + $1.count }
        let cells = (1...118).compactMap { number -> JSONValue? in
            guard let element = Element(atomicNumber: number) else { return nil }
            let place = PeriodicTable.place(ofAtomicNumber: number)
            return .list([
                .text(element.symbol), .integer(place.row), .integer(place.column),
                .integer(counts[element.symbol] ?? 0),
            ])
        }
        return .object([
            ("total", .integer(total)), ("first", .integer(versions.lowerBound)),
            ("last", .integer(versions.upperBound)), ("cells", .list(cells)),
        ])
    }

    /// Shares with their errors, as sampled and relaxed.
    private static func evaluation(_ summary: EvaluationSummary) -> JSONValue {
        func share(_ value: EvaluationFigures.Share?) -> JSONValue {
            guard let value else { return .number(.nan) }
            return .list([.number(value.value), .number(value.error)])
        }
        func verdicts(_ value: EvaluationFigures.Verdicts) -> JSONValue {
            .object([
                ("stable", share(value.stable)), ("unique", share(value.unique)), ("novel", share(value.novel)),
                ("sun", share(value.sun)), ("msun", share(value.metastableSUN)), ("on_hull", share(value.onHull)),
            ])
        }
        var fields: JSONFields = [
            ("samples", .integer(summary.samples)), ("policy", .text(summary.policy ?? "")),
            ("space_groups", .integer(summary.spaceGroups)), ("elements", .integer(summary.elements)),
        ]
        if let figures = summary.figures {
            fields += [("valid", share(figures.valid)), ("as_sampled", verdicts(figures.asSampled))]
            if let relaxed = figures.relaxed { fields.append(("relaxed", verdicts(relaxed))) }
        } else {
            let stable = EvaluationFigures.Share(
                Int((summary.stableFraction * Double(summary.samples)).rounded()), of: summary.samples)
            fields.append(("as_sampled", .object([("stable", share(stable))])))
        }
        return .object(fields)
    }
}
