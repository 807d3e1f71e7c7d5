import Configuration
import Coordination
import Crystals
import Engines
import FineTuning
import Foundation
import Policy
import Testing
import Trajectories

/// Which elements a run draws: what the configuration says, what hull and potential know.
@Suite struct ElementConfigurationTests {
    private func parse(_ text: String) throws -> RunConfiguration {
        try ConfigurationLoader.parse(RunConfiguration.self, text: text, source: "run.yaml")
    }

    private func elements(_ symbols: String) throws -> Set<Element> {
        Set(try symbols.split(separator: " ").map { try #require(Element(symbol: String($0))) })
    }

    /// A hull with lithium, oxygen and americium by themselves, and iron in an oxide alone.
    private func smallHull() throws -> (folder: URL, path: String) {
        func entry(_ id: String, _ composition: [String: Int], _ energy: Double) -> [String: Any] {
            ["entry_id": id, "composition": composition, "energy": energy, "correction": 0]
        }
        let entries: [String: Any] = [
            "entries": [
                entry("li", ["Li": 1], -1.9), entry("o", ["O": 2], -9.8), entry("am", ["Am": 1], -14),
                entry("oxide", ["Fe": 2, "O": 3], -33),
            ]
        ]
        let folder = FileManager.default.temporaryDirectory.appending(path: "druse-elements-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "small.json")
        try JSONSerialization.data(withJSONObject: entries).write(to: file)
        return (folder, file.path)
    }

    private func choice(_ text: String, potential: String = "chgnet", hull: String) throws -> ElementChoice {
        try parse("elements: \(text)").elements.choice(
            for: MeasuringStandard(potential: potential, hull: hull), policy: PolicyConfiguration())
    }

    @Test(arguments: [
        ("{}", "with reference", ""), ("elements: with reference", "with reference", ""), ("elements: all", "all", ""),
        ("elements: [Li, O]", "Li O", ""), ("elements: {exclude: [Pb, Hg]}", "with reference", "Pb Hg"),
        ("elements: {from: all, exclude: [No]}", "all", "No"), ("elements: {from: [Y, N, No]}", "Y N No", ""),
    ])
    func elements_areReadInEachForm_andWrittenAgain(text: String, from: String, exclude: String) throws {
        let configuration = try parse(text)
        switch configuration.elements.from {
        case .word(let word): #expect(word.rawValue == from)
        case .list(let list): #expect(list.map(\.rawValue).joined(separator: " ") == from)
        }
        #expect(configuration.elements.exclude.map(\.rawValue).joined(separator: " ") == exclude)
        let written = ConfigurationText.yaml(configuration)
        #expect(try parse(written).elements == configuration.elements)
        let coded = try JSONDecoder().decode(
            WordOrList<ElementConfiguration.Standing, ElementSymbol>.self,
            from: JSONEncoder().encode(configuration.elements.from))
        #expect(coded == configuration.elements.from)
    }

    @Test(arguments: [
        ("elements: [Xx]", #"elements.from[0] (line 1) must be the symbol of an element, such as Fe, not "Xx""#),
        ("elements: none", "elements.from (line 1) must be with reference or all, or a list of symbols"),
        ("elements: {exclude: Pb}", "elements.exclude (line 1) must be a list of symbols, such as [Li, Fe, O]"),
        ("elements: {excludes: [Pb]}", "did you mean elements.exclude?"),
        ("elements:", "elements (line 1) has no value"),
    ])
    func elements_thatMakeNoSense_areRefusedByName(text: String, words: String) throws {
        let error = try #require(throws: ConfigurationError.self) { try parse(text) }
        #expect("\(error)".contains(words), "\(error)")
    }

    /// The embedded hull has 76 elements, each with an energy of its own, and CHGNet knows them all.
    @Test func usualChoice_isWhatTheEmbeddedHullHasReferencesFor() throws {
        let usual = try choice("with reference", hull: "default")
        let allowed = try #require(usual.constraint.elements)
        #expect(allowed.count == 76)
        for symbol in ["He", "Ne", "Ar", "Kr", "Po", "Am", "Og"] {
            #expect(!allowed.contains(try #require(Element(symbol: symbol))), "\(symbol)")
        }
        let words = try #require(usual.words)
        #expect(words.hasPrefix("elements without a reference energy are not drawn: He, Ne, Ar, "), "\(words)")
        #expect(words.hasSuffix("to Og; crystals have 2 elements or more"), "\(words)")
        #expect(usual.constraint.minimumElements == 2)
        #expect(try choice("all", hull: "default") == choice("{from: all, exclude: []}", hull: "none"))
        #expect(try choice("all", hull: "default").constraint == .none)
    }

    @Test func choice_isWhatHullAndPotentialBothKnow() throws {
        let (folder, hull) = try smallHull()
        defer { try? FileManager.default.removeItem(at: folder) }
        // CHGNet ends with plutonium; what iron is worth by itself the hull does not say.
        let native = try choice("with reference", hull: hull)
        #expect(try native.constraint.elements == elements("Li O"))
        #expect(native.words?.contains("elements that the potential does not know are not drawn: Am") == true)
        let external = try choice("with reference", potential: "external x", hull: hull)
        #expect(try external.constraint.elements == elements("Li O Am"))
        #expect(try choice("with reference", hull: "none").constraint.elements?.count == 94)
        let free = try choice("with reference", potential: "external x", hull: "none")
        #expect(free.constraint == Constraint(minimumElements: 2))
        let some = try choice("{exclude: [O, Fe]}", hull: hull)
        #expect(try some.constraint.elements == elements("Li"))
        #expect(some.words?.hasSuffix("; excluded elements are not drawn: O, Fe") == true)
        let list = try choice("[O, Li]", hull: hull)
        #expect(try list.constraint.elements == elements("Li O"))
        #expect(list.words == "elements that are drawn: Li, O; crystals have 2 elements or more")
    }

    /// Two by default, and as many as asked for, of those that can be drawn.
    @Test func minimum_isTwoUnlessAllMayBeDrawn() throws {
        let (folder, hull) = try smallHull()
        defer { try? FileManager.default.removeItem(at: folder) }
        func minimum(_ text: String) throws -> Int { try choice(text, hull: hull).constraint.minimumElements }
        #expect(try minimum("with reference") == 2)
        #expect(try minimum("[Li]") == 1)
        #expect(try minimum("{minimum: 1}") == 1)
        #expect(try choice("all", hull: "none").constraint.minimumElements == 1)
        #expect(try choice("{from: all, minimum: 3}", hull: "none").constraint.minimumElements == 3)
        let error = try #require(throws: ConfigurationError.self) { try minimum("{minimum: 3}") }
        #expect("\(error)" == "elements.minimum: is 3, but 2 elements are drawn: lower it")
    }

    @Test(arguments: [
        (
            "[Li, Fe]",
            "elements.from: the hull has no reference energy of Fe: take that out of the list, or name a hull that"
        ),
        ("[Li, Am]", "elements.from: the potential does not know Am: take that out of the list, or name a potential"),
        ("{from: [Li], exclude: [Li]}", "elements: elements.exclude leaves none of elements.from"),
    ])
    func elements_thatCannotBeMeasured_areRefusedWithAdvice(text: String, words: String) throws {
        let (folder, hull) = try smallHull()
        defer { try? FileManager.default.removeItem(at: folder) }
        let error = try #require(throws: ConfigurationError.self) { try choice(text, hull: hull) }
        #expect("\(error)".hasPrefix(words), "\(error)")
    }

    @Test func elementsBeyondThePolicy_areNamed() throws {
        var sizes = PolicyConfiguration()
        sizes.atomTypes = 20
        let standard = try MeasuringStandard(potential: "chgnet", hull: "none")
        let error = try #require(throws: ConfigurationError.self) {
            try parse("elements: [K, Ca]").elements.choice(for: standard, policy: sizes)
        }
        #expect("\(error)" == "elements.from: the policy does not know Ca: take that out of the list")
        // All that it knows is no constraint.
        let known = try parse("{}").elements.choice(for: standard, policy: sizes).constraint
        #expect(known == Constraint(minimumElements: 2))
    }

    /// What no honest actor draws is not taken.
    @Test func crystalOfAnotherElement_isNotAdmitted() throws {
        let constraint = Constraint(elements: try elements("Li O"))
        let bound = Admission(policy: PolicyConfiguration(), constraint: constraint)
        func problem(_ symbols: String, _ admission: Admission) throws -> String? {
            let sites = try symbols.split(separator: " ").map {
                Crystal.Site(wyckoff: 1, element: try #require(Element(symbol: String($0))), position: .zero)
            }
            let zero = LogProbabilities(w: 0, a: 0, xyz: 0, l: 0)
            return admission.problem(
                of: SampledCrystal(
                    id: CrystalID(version: 0, unit: 0, index: 0),
                    crystal: Crystal(
                        spaceGroup: try #require(SpaceGroup(number: 1)), sites: sites,
                        lattice: LatticeParameters(a: 4, b: 4, c: 4, alpha: 90, beta: 90, gamma: 90)),
                    isTerminated: true, logProbability: zero, referenceLogProbability: zero))
        }
        #expect(try problem("Li O", bound) == nil)
        #expect(try problem("Li Na", bound) == "it has Na, which this run does not draw")
        #expect(try problem("Li Na", Admission(policy: PolicyConfiguration())) == nil)
    }

    /// A crystal that ends too soon is taken from nobody, by the policy's own rule in every group.
    @Test func crystalThatEndsTooSoon_isNotAdmitted() throws {
        let constraint = Constraint(minimumElements: 2)
        let policy = PolicyConfiguration()
        let admission = Admission(policy: policy, constraint: constraint)
        let zero = LogProbabilities(w: 0, a: 0, xyz: 0, l: 0)
        let (lithium, oxygen) = (try #require(Element(symbol: "Li")), try #require(Element(symbol: "O")))
        for number in 1...230 {
            let group = try #require(SpaceGroup(number: number))
            for wyckoff in 1...group.wyckoffPositions.count {
                for elements in [[lithium], [lithium, lithium], [lithium, oxygen]] {
                    let crystal = Crystal(
                        spaceGroup: group,
                        sites: elements.map { Crystal.Site(wyckoff: wyckoff, element: $0, position: .zero) },
                        lattice: LatticeParameters(a: 4, b: 4, c: 4, alpha: 90, beta: 90, gamma: 90))
                    let problem = admission.problem(
                        of: SampledCrystal(
                            id: CrystalID(version: 0, unit: 0, index: 0), crystal: crystal, isTerminated: true,
                            logProbability: zero, referenceLogProbability: zero))
                    let isAllowed = constraint.allows(crystal, maximumSites: policy.maximumSites)
                    #expect((problem == nil) == isAllowed, "\(number) \(wyckoff)")
                    #expect(isAllowed == (elements.last == oxygen))
                }
            }
        }
    }
}
