import Base
import Crystals
import Foundation
import Stability
import Testing

@Suite struct CompositionValidityTests {
    /// A composition of a line such as "Na1 Cl1".
    private func amounts(_ text: Substring) throws -> Composition {
        var amounts: [String: Double] = [:]
        for word in text.split(separator: " ") {
            let symbol = word.prefix { $0.isLetter }
            let amount: Double = try #require(Double(word.dropFirst(symbol.count)))
            amounts[String(symbol)] = amount
        }
        return try composition(amounts)
    }

    /// 4,000 compositions with the answers of smact 4.0.2 (`Scripts/make-composition-validity`).
    @Test func verdict_ofTheFixture_isThePackages() throws {
        let text = try String(contentsOf: fixtures.appending(path: "validity/compositions.tsv"), encoding: .utf8)
        let lines = text.split(separator: "\n").dropFirst()
        #expect(lines.count == 4000)
        let rules = [
            CompositionValidity(), CompositionValidity(checksElectronegativity: false),
            CompositionValidity(allowsAlloys: false), CompositionValidity(states: .icsd24),
        ]
        for line in lines {
            let words = line.split(separator: "\t")
            let composition = try amounts(words[0])
            for (rule, word) in zip(rules, words.dropFirst()) {
                let verdict = rule.verdict(of: composition)
                #expect(verdict.isValid == (word == "1"), "\(words[0]): \(verdict)")
            }
        }
    }

    @Test func verdict_saysWhatIsWrong() throws {
        let rules = CompositionValidity()
        #expect(rules.verdict(of: try amounts("Na1 Cl1")) == .valid)
        #expect(rules.verdict(of: try amounts("Na4 Cl4")) == .valid)
        #expect(rules.verdict(of: try amounts("Na1 Cl9")) == .notNeutral)
        #expect(rules.verdict(of: try amounts("N6 Cl1")) == .notBalanced)
        #expect(rules.verdict(of: try amounts("He1 Cl1")) == .unknownElement)
        #expect(rules.verdict(of: try composition(["Na": 0.5, "Cl": 1])) == .notWhole)
        #expect(rules.verdict(of: try amounts("Fe1 Ni3")) == .valid)
        #expect(rules.verdict(of: Composition([:])) == .notWhole)
    }

    /// All choices of states one by one are 10^7 here; the sums are few.
    @Test func verdict_ofEightElementsWithManyStates_isQuick() throws {
        let rules = CompositionValidity()
        let duration = try ThreadClock.measure {
            for extra in 1...100 {
                let composition = try amounts("Mn\(extra) V7 Cr11 Os13 Ru17 C19 N23 P\(29 + extra)"[...])
                _ = rules.verdict(of: composition)
            }
        }
        #expect(duration < .seconds(20))
    }
}
