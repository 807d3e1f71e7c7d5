package import Archive
internal import Base
internal import Crystals
internal import Foundation
package import Telemetry

/// Everything that the report of a run shows, read from its directory at one time.
package struct ReportData: Sendable {
    /// The crystals of the begin or the end of the run, or of an evaluation before or after it.
    package struct Period: Sendable {
        /// Such as "versions 0 to 4" or "evaluation of 1,000 samples".
        package var label: String
        package var crystals: Int
        package var stableFraction: Double
        package var validFraction: Double
        package var uniqueFraction: Double?
        package var spaceGroups: Int
        package var elements: Int
        package var histogram: RunArchive.EnergyHistogram

        /// Binomial.
        package var stableError: Double {
            crystals > 0 ? (max(0, stableFraction * (1 - stableFraction)) / Double(crystals)).squareRoot() : 0
        }
    }

    package var manifest: RunManifest
    /// The configuration in effect, as text.
    package var configuration: String
    package var records: [StepRecord]
    package var crystalCount: Int
    /// nil if the run has no crystals yet.
    package var before: Period?
    /// nil if the run is too short to have a begin and an end.
    package var after: Period?
    package var outcomes: [RunArchive.OutcomeCount]
    package var best: [ArchivedCrystal]
    /// Scored crystals so far below the hull that the potential must be wrong; not among the best.
    var implausibleCount: Int
    /// How many crystals of the last versions contain each element.
    package var elementCounts: [String: Int]
    /// The number of crystals that `elementCounts` is of.
    var elementSampleCount: Int
    /// Crystals below this energy above the hull are stable, eV/atom.
    package var stableThreshold: Double

    /// Below this energy above the hull a crystal is an artefact of the potential, eV/atom.
    package static let implausibleEnergy = -0.5
    private static let histogramLowerEdge = -0.3
    private static let histogramBinWidth = 0.05
    private static let histogramBinCount = 30
    private static let bestCount = 20
    /// Begin and end are so many versions at most.
    private static let periodLength = 5

    /// Reads a run, which may be going on.
    ///
    /// - Parameter stableThreshold: eV/atom; nil for the run's own.
    package init(_ directory: RunDirectory, stableThreshold: Double? = nil) throws(ArchiveError) {
        let stableThreshold = stableThreshold ?? directory.manifest.stableBelow ?? RunManifest.usualStableBelow
        self.stableThreshold = stableThreshold
        manifest = directory.manifest
        configuration = (try? String(contentsOf: directory.configuration, encoding: .utf8)) ?? ""
        let archive = try RunArchive(url: directory.archive, access: .readOnly)
        records = try ReportData.records(directory, archive)
        crystalCount = try archive.crystalCount()
        outcomes = try archive.outcomes()
        best = try archive.best(ReportData.bestCount, notBelow: ReportData.implausibleEnergy)
        implausibleCount = try archive.scoredCount(below: ReportData.implausibleEnergy)
        before = try EvaluationSummary.read(directory.evaluationBefore).map(ReportData.period(evaluation:))
        after = try EvaluationSummary.read(directory.evaluationAfter).map(ReportData.period(evaluation:))
        (elementCounts, elementSampleCount) = ([:], 0)
        guard let range = try archive.versionRange() else { return }
        let length = min(ReportData.periodLength, max(1, range.count / 2))
        let first = range.lowerBound...(range.lowerBound + length - 1)
        let last = (range.upperBound - length + 1)...range.upperBound
        if before == nil { before = try ReportData.period(archive, first, stableThreshold) }
        if after == nil && range.count > 1 { after = try ReportData.period(archive, last, stableThreshold) }
        elementCounts = try archive.elementCounts(versions: last)
        elementSampleCount = try archive.outcomes(versions: last).reduce(0) { $0 + $1.count }
    }

    /// The records of the archive, and those of `metrics.jsonl` that it lacks.
    private static func records(
        _ directory: RunDirectory, _ archive: RunArchive
    ) throws(ArchiveError) -> [StepRecord] {
        var records: [Int: StepRecord] = [:]
        do {
            for record in try StepRecord.read(from: directory.metrics) { records[record.step] = record }
        } catch {
            throw .file(path: directory.metrics.path, operation: "read", reason: "\(error)")
        }
        for record in try archive.stepRecords() { records[record.step] = record }
        return records.values.sorted { $0.step < $1.step }
    }

    private static func period(
        _ archive: RunArchive, _ versions: ClosedRange<Int>, _ threshold: Double
    ) throws(ArchiveError) -> Period {
        let outcomes = try archive.outcomes(versions: versions)
        let count = outcomes.reduce(0) { $0 + $1.count }
        let invalid = outcomes.filter { $0.outcome == .invalid }.reduce(0) { $0 + $1.count }
        let stable = try archive.stableCount(versions: versions, below: threshold)
        let label =
            versions.count == 1
            ? "version \(versions.lowerBound)" : "versions \(versions.lowerBound) to \(versions.upperBound)"
        return Period(
            label: label, crystals: count, stableFraction: count > 0 ? Double(stable) / Double(count) : 0,
            validFraction: count > 0 ? 1 - Double(invalid) / Double(count) : 0,
            uniqueFraction: try uniqueFraction(archive, versions),
            spaceGroups: try archive.spaceGroupCounts(versions: versions).count,
            elements: try archive.elementCounts(versions: versions).count,
            histogram: try archive.energyHistogram(
                versions: versions, lowerEdge: histogramLowerEdge, binWidth: histogramBinWidth,
                binCount: histogramBinCount))
    }

    /// The mean over the crystals of some versions, each unique among those of its own version.
    private static func uniqueFraction(
        _ archive: RunArchive, _ versions: ClosedRange<Int>
    ) throws(ArchiveError) -> Double? {
        var (unique, count) = (0.0, 0)
        for version in versions {
            var spread = CrystalSpread()
            for crystal in try archive.crystals(versions: version...version) { spread.add(crystal.crystal) }
            unique += spread.uniqueFraction * Double(spread.count)
            count += spread.count
        }
        return count > 0 ? unique / Double(count) : nil
    }

    private static func period(evaluation: EvaluationSummary) -> Period {
        var counts = [Int](repeating: 0, count: histogramBinCount)
        var (below, above) = (0, 0)
        for energy in evaluation.energiesAboveHull where energy.isFinite {
            let place = (energy - histogramLowerEdge) / histogramBinWidth
            if place < 0 {
                below += 1
            } else if place >= Double(histogramBinCount) {
                above += 1
            } else {
                counts[Int(place)] += 1
            }
        }
        return Period(
            label: "evaluation of \(HumanFormat.count(evaluation.samples)) samples", crystals: evaluation.samples,
            stableFraction: evaluation.stableFraction, validFraction: evaluation.validFraction,
            uniqueFraction: evaluation.uniqueFraction, spaceGroups: evaluation.spaceGroups,
            elements: evaluation.elements,
            histogram: RunArchive.EnergyHistogram(
                lowerEdge: histogramLowerEdge, binWidth: histogramBinWidth, counts: counts, below: below, above: above,
                crystalCount: evaluation.samples))
    }
}
