internal import Archive
internal import Base
package import Crystals
internal import Foundation
internal import Trajectories

/// The report of a run as one HTML page that needs nothing else: style and plots are inside, there are no scripts.
///
///     let data = try ReportData(RunDirectory.open(at: url))
///     let page = ReportPage(data: data, cif: { … }, spaceGroupSymbol: \.symbol)
///     try DurableFile.replace(url, with: Data(page.html().utf8))
package struct ReportPage {
    let data: ReportData
    private let cif: (Crystal) -> String?
    private let spaceGroupSymbol: (SpaceGroup) -> String

    /// - Parameters:
    ///   - cif: the text of a crystal's CIF; nil if it cannot be written.
    ///   - spaceGroupSymbol: such as "Fm-3m".
    package init(
        data: ReportData, cif: @escaping (Crystal) -> String?, spaceGroupSymbol: @escaping (SpaceGroup) -> String
    ) {
        self.data = data
        self.cif = cif
        self.spaceGroupSymbol = spaceGroupSymbol
    }

    /// The whole page.
    package func html() -> String {
        HTMLPage.html(
            title: "Druse run \(data.manifest.runID)",
            main: """
                \(header())
                <h2>Course of the run</h2>
                <div class="plots">
                \(ReportPlots.all(data).map { $0.figure() }.joined())</div>
                \(tables())
                \(crystals())
                \(elements())
                \(settings())
                <footer>Energies in eV/atom, from the potential on the unrelaxed crystal. Made by druse \
                \(HTMLText.escape(data.manifest.build)).</footer>
                """)
    }

    private func header() -> String {
        let manifest = data.manifest
        let started = manifest.createdAt.formatted(
            .iso8601.year().month().day().dateTimeSeparator(.space).time(includingFractionalSeconds: false))
        let parts = [
            "started \(started) UTC", "seed \(manifest.seed)", "build \(manifest.build)", "host \(manifest.host)",
            "reference policy \(manifest.referenceDigest.prefix(12))",
        ]
        return """
            <header><h1>Druse run \(HTMLText.escape(manifest.runID))</h1>
            <p class="soft">\(HTMLText.escape(parts.joined(separator: " · ")))</p>
            <div class="tiles">
            \(ReportTiles.all(data).map { $0.html() }.joined(separator: "\n"))
            </div></header>
            """
    }

    private func tables() -> String {
        """
        <div class="pair">
        <section><h2>Before and after</h2><div class="card">\(ReportTables.periods(data))</div></section>
        <section><h2>What became of the crystals</h2><div class="card">\(ReportTables.outcomes(data))</div></section>
        </div>
        """
    }

    private func crystals() -> String {
        let title = data.best.isEmpty ? "Best crystals" : "Best \(data.best.count) crystals"
        guard !data.best.isEmpty else {
            return "<h2>\(title)</h2><p class=\"soft\">No crystal has been scored yet.</p>"
        }
        var note = "Lowest energy above hull, one for each formula and space group."
        if data.implausibleCount > 0 {
            let limit = HumanFormat.trimmed(ReportData.implausibleEnergy)
            note += " \(HumanFormat.count(data.implausibleCount)) below \(limit) eV/atom are left out:"
            note += " so deep, it is the potential that errs."
        }
        let cards = data.best.enumerated().map { card($0.element, rank: $0.offset + 1) }
        return """
            <h2>\(title)</h2><p class="soft">\(HTMLText.escape(note))</p>
            <div class="crystals" style="margin-top:10px">
            \(cards.joined(separator: "\n"))
            </div>
            """
    }

    private func card(_ crystal: ArchivedCrystal, rank: Int) -> String {
        let group = crystal.crystal.spaceGroup
        let energyAboveHull = crystal.energyAboveHull.map { HumanFormat.fixed($0, decimals: 3) } ?? "-"
        let energy = crystal.energyPerAtom.map { HumanFormat.fixed($0, decimals: 3) } ?? "-"
        let style = (crystal.energyAboveHull ?? .infinity) < data.stableThreshold ? " class=\"good\"" : ""
        let atoms = crystal.atomCount.map { "\($0)" } ?? "-"
        var links = ""
        if let text = cif(crystal.crystal) {
            let name = HTMLText.fileName("\(crystal.formula)-\(group.number)-\(crystal.id)") + ".cif"
            let payload = Data(text.utf8).base64EncodedString()
            links = """
                <details><summary>CIF</summary><pre>\(HTMLText.escape(text))</pre>\
                <a download="\(name)" href="data:chemical/x-cif;base64,\(payload)">download \(name)</a></details>
                """
        }
        return """
            <article class="crystal"><h3><span>\(HTMLText.formula(crystal.formula))</span><small>#\(rank)</small></h3>
            <p class="soft">\(HTMLText.escape(spaceGroupSymbol(group))) (\(group.number))</p>
            <dl><dt>above hull</dt><dd\(style)>\(energyAboveHull) eV/atom</dd>\
            <dt>energy</dt><dd>\(energy) eV/atom</dd>\
            <dt>atoms in the cell</dt><dd>\(atoms)</dd>\
            <dt>version</dt><dd>\(crystal.id.version)</dd></dl>
            \(links)</article>
            """
    }

    private func elements() -> String {
        guard data.elementSampleCount > 0 else { return "" }
        let count = HumanFormat.count(data.elementSampleCount)
        return """
            <h2>Elements</h2>
            <figure style="max-width:760px">\
            \(PeriodicTable.svg(counts: data.elementCounts, total: data.elementSampleCount))\
            <p class="note">Shade: share of the \(count) crystals of the last versions that contain the element.</p>\
            </figure>
            """
    }

    private func settings() -> String {
        guard !data.configuration.isEmpty else { return "" }
        return """
            <h2>Configuration</h2>
            <div class="card"><details><summary>config.yaml</summary>\
            <pre>\(HTMLText.escape(data.configuration))</pre></details></div>
            """
    }
}
