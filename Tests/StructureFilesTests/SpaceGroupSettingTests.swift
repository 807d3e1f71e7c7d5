import CrystalFixtures
import Crystals
import Foundation
import StructureFiles
import Testing

/// Every setting that spglib and gemmi list: one atom in general position, its group named in every way that files do.
struct SpaceGroupSettingTests {
    /// A line of `settings.tsv`.
    struct Setting {
        let source: String
        let number: Int
        let choice: String
        let names: [String]
        let hall: String
        let atomCount: Int
        let cell: [Double]
        /// Structure factors of the atoms written out.
        let factors: [Double]

        init?(_ line: Substring) {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count == 8, let number = Int(fields[1]), let count = Int(fields[5]) else { return nil }
            source = String(fields[0])
            self.number = number
            choice = String(fields[2])
            names = fields[3].split(separator: ";").map(String.init)
            hall = String(fields[4])
            atomCount = count
            cell = fields[6].split(separator: " ").compactMap { Double($0) }
            factors = fields[7].split(separator: " ").compactMap { Double($0) }
        }

        var digit: String? { choice.first.map(String.init).flatMap { "12HR".contains($0) ? $0 : nil } }

        /// A CIF with the one atom.
        func cif(symbol: String? = nil, hall: String? = nil, number: Int? = nil, more: String = "") -> String {
            let tags = ["length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"]
            var text = "data_x\n" + zip(tags, cell).map { "_cell_\($0) \($1)\n" }.joined() + more
            if let symbol { text += "_symmetry_space_group_name_H-M '\(symbol)'\n" }
            if let hall { text += "_symmetry_space_group_name_Hall\n;\(hall)\n;\n" }
            if let number { text += "_symmetry_Int_Tables_number \(number)\n" }
            return text
                + """
                loop_
                _atom_site_label
                _atom_site_fract_x
                _atom_site_fract_y
                _atom_site_fract_z
                Si1 0.137 0.211 0.071
                """
        }

        /// Whether a structure is the one with every atom written out.
        func isSame(_ structure: Structure) -> Bool {
            guard structure.atomCount == atomCount else { return false }
            let reflections = [
                SIMD3(1.0, 2, 3), SIMD3(2, -1, 5), SIMD3(3, 4, -2), SIMD3(2, 4, 6), SIMD3(1, 3, 5), SIMD3(4, 2, 8),
            ]
            for (index, reflection) in reflections.enumerated() {
                var (real, imaginary) = (0.0, 0.0)
                for x in structure.fractionalCoordinates {
                    let phase = 2 * Double.pi * (reflection * x).sum()
                    real += cos(phase)
                    imaginary += sin(phase)
                }
                guard (real - factors[2 * index]).magnitude < 0.01,
                    (imaginary - factors[2 * index + 1]).magnitude < 0.01
                else { return false }
            }
            return true
        }
    }

    enum Outcome { case right, refused, wrong }

    static let settings: [Setting] = {
        let text = (try? String(contentsOf: Fixture.url("settings/settings.tsv"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { Setting($0) }
    }()

    func outcome(_ setting: Setting, _ cif: String) -> Outcome {
        guard let structure = try? CIFContent(Array(cif.utf8)).structure() else { return .refused }
        return setting.isSame(structure) ? .right : .wrong
    }

    /// Counts the outcomes of a way to name the settings; those read wrongly are reported by name.
    func count(
        _ settings: [Setting], _ way: String, _ cifs: (Setting) -> [String]
    ) -> (right: Int, refused: [String]) {
        var right = 0
        var refused: [String] = []
        for setting in settings {
            for cif in cifs(setting) {
                switch outcome(setting, cif) {
                case .right: right += 1
                case .refused:
                    refused.append("\(setting.source) \(setting.number) \(setting.names[0]) \(setting.choice)")
                case .wrong:
                    Issue.record("\(way): \(setting.number) \(setting.names) \(setting.choice) \(setting.hall)")
                }
            }
        }
        return (right, refused)
    }

    @Test func settings_byHallSymbol_areAllRead() {
        #expect(Self.settings.count == 530 + 564)
        for withNumber in [false, true] {
            let found = count(Self.settings, "Hall") { setting in
                [setting.cif(hall: setting.hall, number: withNumber ? setting.number : nil)]
            }
            #expect(found.refused == [])
        }
    }

    @Test func settings_bySymbol_areReadOrRefused() {
        for withNumber in [false, true] {
            let found = count(Self.settings, "symbol") { setting in
                setting.names.flatMap { name in
                    [name, name.replacing(" ", with: ""), name.replacing("_", with: ""), name.uppercased()].map {
                        setting.cif(symbol: $0, number: withNumber ? setting.number : nil)
                    }
                }
            }
            #expect(found.right > found.refused.count)
        }
    }

    @Test func settings_bySymbolAndSuffix_areRead() {
        let chosen = Self.settings.filter { !$0.choice.isEmpty && $0.source == "spglib" }
        for withNumber in [false, true] {
            let found = count(chosen, "suffix") { setting in
                [
                    setting.cif(
                        symbol: "\(setting.names[0]) :\(setting.choice)", number: withNumber ? setting.number : nil)
                ]
            }
            #expect(found.refused == [])
        }
        // The suffixes of the ICSD and those without a colon.
        let origins = Self.settings.filter { $0.digit != nil && $0.choice.count == 1 }
        let suffixes = [
            "1": [" S", "S", " :1", ":1"], "2": [" Z", "Z", " :2"], "H": [" H", "H", ":h"], "R": [" R", ":R"],
        ]
        let found = count(origins, "ICSD") { setting in
            (suffixes[setting.digit ?? ""] ?? []).flatMap { suffix in
                [
                    setting.cif(symbol: setting.names[0] + suffix),
                    setting.cif(symbol: setting.names[0] + suffix, number: setting.number),
                ]
            }
        }
        #expect(found.refused == [])
    }

    @Test func settings_byCoordinateSystemCode_areRead() {
        let chosen = Self.settings.filter { !$0.choice.isEmpty && $0.source == "spglib" }
        let found = count(chosen, "code") { setting in
            [setting.cif(number: setting.number, more: "_space_group_IT_coordinate_system_code '\(setting.choice)'\n")]
        }
        #expect(found.refused == [])
    }

    @Test func standardSettings_byNumber_areReadOrRefusedForTheirOrigin() {
        let standard = Self.settings.filter {
            $0.source == "spglib" && ["", "b", "b1", "H", "R", "1", "2"].contains($0.choice)
        }
        let found = count(standard, "number") { [$0.cif(number: $0.number)] }
        let origins = standard.filter { "12".contains($0.choice.first ?? "-") }
        #expect(found.right == standard.count - origins.count)
    }

    /// A unique axis that only the cell tells.
    @Test func monoclinicSettings_byNumber_areNotReadWithAnotherAxis() {
        let other = Self.settings.filter {
            (3...15).contains($0.number) && !$0.choice.hasPrefix("b") && !$0.choice.hasPrefix("-b")
        }
        .filter { $0.source == "spglib" }
        let found = count(other, "number") { [$0.cif(number: $0.number)] }
        #expect(found.right > 0)
    }
}
