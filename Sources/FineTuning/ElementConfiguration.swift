package import Configuration
package import Crystals
package import Engines
package import Policy

/// The part `elements` of a run's configuration: which elements crystals may be drawn of.
package struct ElementConfiguration: ConfigurationSection, Hashable {
    /// Elements without a list of them.
    package enum Standing: String, CaseIterable, ConfigurationValue {
        /// Those that the hull has a reference energy for and the potential knows: all that can have a height.
        case withReference = "with reference"
        case all
    }

    package var from = WordOrList<Standing, ElementSymbol>.word(.withReference)
    package var exclude: [ElementSymbol] = []
    private var minimum: Int?

    package init() {}

    package static let shorthand: String? = "from"

    package static let keys: [ConfigurationKey<ElementConfiguration>] = [
        .init(
            "from", \.from,
            "the elements that crystals are drawn of: `with reference` (those that the hull has an energy of and the "
                + "potential knows; of others no height can be told), `all`, or a list of symbols; `elements: all` and "
                + "`elements: [Li, O]` are short for it"),
        .init("exclude", \.exclude, "elements that are not drawn, of those of `elements.from`"),
        .init(
            "minimum", optional: \.minimum, takes: .range(1...20),
            absent: "2, but 1 with `all` or where one element is left to draw", unit: "elements",
            "the fewest elements of a crystal: it does not end with fewer, unless no Wyckoff position is left; pure "
                + "elements are no find, and are made in numbers where nothing stops it"),
    ]

    /// No constraint at all: that of runs which were begun before there was one.
    package static let unconstrained = {
        var elements = ElementConfiguration()
        elements.from = .word(.all)
        return elements
    }()

    /// Goes without a constraint where a run does and nobody asked for one.
    mutating func adopt(_ run: ElementConfiguration) {
        if run == .unconstrained, self == ElementConfiguration() { self = run }
    }

    /// What is drawn in a run.
    ///
    /// - Parameters:
    ///   - standard: what hull and potential of the run know.
    ///   - policy: the sizes of its policy.
    /// - Throws: ``ConfigurationError`` for elements that are asked for and cannot be drawn or measured, and if there
    ///   is none to draw.
    package func choice(
        for standard: MeasuringStandard, policy: PolicyConfiguration
    ) throws(ConfigurationError) -> ElementChoice {
        let drawable = Element.all.filter { $0.atomicNumber < policy.atomTypes }
        let excluded = Set(exclude.map(\.element))
        let source: [Element]
        switch from {
        case .word(.all): source = drawable
        case .word(.withReference): source = drawable.filter { standard.hasReference($0) && standard.knows($0) }
        case .list(let symbols):
            source = Set(symbols.map(\.element)).sorted()
            let problems: [(elements: [Element], problem: String, advice: String)] = [
                (
                    source.filter { $0.atomicNumber >= policy.atomTypes }, "the policy does not know",
                    "take that out of the list"
                ),
                (
                    source.filter { !standard.hasReference($0) }, "the hull has no reference energy of",
                    "take that out of the list, or name a hull that has it"
                ),
                (
                    source.filter { !standard.knows($0) }, "the potential does not know",
                    "take that out of the list, or name a potential that does"
                ),
            ]
            for (elements, problem, advice) in problems where !elements.isEmpty {
                throw ConfigurationError(
                    source: "elements.from", problems: ["\(problem) \(ElementText.list(elements)): \(advice)"])
            }
        }
        if case .list(let symbols) = from, symbols.isEmpty {
            throw ConfigurationError(
                source: "elements.from", problems: ["is an empty list: name the elements to draw, or leave it out"])
        }
        let chosen = source.filter { !excluded.contains($0) }
        guard !chosen.isEmpty else {
            throw ConfigurationError(
                source: "elements",
                problems: [
                    source.isEmpty
                        ? "the hull has no reference energy of any element that the potential knows: name another "
                            + "hull, or write elements: all"
                        : "elements.exclude leaves none of elements.from: nothing can be drawn"
                ])
        }
        let fewest = minimum ?? (from == .word(.all) ? 1 : min(2, chosen.count))
        guard fewest <= chosen.count else {
            throw ConfigurationError(
                source: "elements.minimum", problems: ["is \(fewest), but \(chosen.count) elements are drawn: lower it"]
            )
        }
        if chosen == drawable, fewest == 1 { return .all }
        let lines = [
            words(chosen, of: drawable, standard), fewest > 1 ? "crystals have \(fewest) elements or more" : "",
        ]
        return ElementChoice(
            constraint: Constraint(
                elements: chosen == drawable ? nil : Set(chosen), minimumElements: fewest),
            words: lines.filter { !$0.isEmpty }.joined(separator: "; "))
    }

    private func words(_ chosen: [Element], of drawable: [Element], _ standard: MeasuringStandard) -> String {
        if case .list = from { return "elements that are drawn: \(ElementText.list(chosen))" }
        var parts: [String] = []
        func add(_ elements: [Element], _ start: String) {
            if !elements.isEmpty { parts.append("\(start) are not drawn: \(ElementText.list(elements))") }
        }
        if case .word(.withReference) = from {
            let unreferenced = drawable.filter { !standard.hasReference($0) }
            add(unreferenced, "elements without a reference energy")
            add(
                drawable.filter { standard.hasReference($0) && !standard.knows($0) },
                "elements that the potential does not know")
        }
        add(exclude.map(\.element).sorted(), "excluded elements")
        return parts.joined(separator: "; ")
    }
}

/// Which elements crystals are drawn of, as a run's learner, actors and evaluation take it.
package struct ElementChoice: Sendable, Hashable {
    package let constraint: Constraint
    /// One line; nil if there is no constraint.
    package let words: String?

    static let all = ElementChoice(constraint: .none, words: nil)
}

extension MeasuringStandard {
    fileprivate func hasReference(_ element: Element) -> Bool { referencedElements?.contains(element) ?? true }
    fileprivate func knows(_ element: Element) -> Bool { knownElements?.contains(element) ?? true }
}

/// An element as a configuration names it.
package struct ElementSymbol: RawRepresentable, CaseIterable, Hashable, Codable, ConfigurationValue {
    package let element: Element

    package init(_ element: Element) { self.element = element }

    package init?(rawValue: String) {
        guard let element = Element(symbol: rawValue) else { return nil }
        self.element = element
    }

    package var rawValue: String { element.symbol }
    package static var allCases: [ElementSymbol] { Element.all.map(Self.init) }
    package static var kind: String { "the symbol of an element, such as Fe" }
    package static var listKind: String { "a list of symbols, such as [Li, Fe, O]" }
}

/// Elements in a message.
private enum ElementText {
    /// Symbols; four and more that follow each other by their first and last.
    static func list(_ elements: [Element]) -> String {
        var runs: [[Element]] = []
        for element in elements.sorted() {
            if let last = runs.last?.last, last.atomicNumber + 1 == element.atomicNumber {
                runs[runs.count - 1].append(element)
            } else {
                runs.append([element])
            }
        }
        return runs.map { run in
            guard run.count >= 4, let first = run.first, let last = run.last else {
                return run.map(\.symbol).joined(separator: ", ")
            }
            return "\(first.symbol) to \(last.symbol)"
        }.joined(separator: ", ")
    }
}
