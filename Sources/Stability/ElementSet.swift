package import Crystals

/// The elements of a chemical system, one bit an element.
package struct ElementSet: Sendable, Hashable {
    private var low: UInt64 = 0  // atomic numbers 0...63
    private var high: UInt64 = 0  // atomic numbers 64...127

    package init() {}

    package init(_ elements: some Sequence<Element>) {
        for element in elements { insert(element) }
    }

    package mutating func insert(_ element: Element) {
        if element.atomicNumber < 64 {
            low |= 1 << UInt64(element.atomicNumber)
        } else {
            high |= 1 << UInt64(element.atomicNumber - 64)
        }
    }

    mutating func formUnion(_ other: ElementSet) {
        low |= other.low
        high |= other.high
    }

    package func isSubset(of other: ElementSet) -> Bool { low & ~other.low == 0 && high & ~other.high == 0 }

    /// Whether it comes before another set, in an order that any two sets have.
    func precedes(_ other: ElementSet) -> Bool { (high, low) < (other.high, other.low) }

    /// The number of elements.
    package var count: Int { low.nonzeroBitCount + high.nonzeroBitCount }

    /// The elements in order of atomic number.
    package var elements: [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for (word, first) in [(low, 0), (high, 64)] {
            var rest = word
            while rest != 0 {
                if let element = Element(atomicNumber: first + rest.trailingZeroBitCount) { elements.append(element) }
                rest &= rest - 1
            }
        }
        return elements
    }
}

extension ElementSet: Comparable {
    /// Smaller systems first, then by the bits: an order without meaning that is the same everywhere.
    package static func < (left: ElementSet, right: ElementSet) -> Bool {
        (left.count, left.high, left.low) < (right.count, right.high, right.low)
    }
}
