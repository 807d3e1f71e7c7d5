package import Base
package import Crystals
internal import Foundation

/// The frequencies with which space groups are drawn: those of the training data, carried in the weights' metadata.
package struct SpaceGroupDistribution: Sendable, Hashable {
    /// The key of the metadata.
    package static let metadataKey = "space_group_counts"

    private let groups: [SpaceGroup]
    private let cumulative: [Double]

    /// - Parameter counts: by number; not positive ones are left out. An empty table gives all groups the same share.
    package init(counts: [Int: Int]) {
        let known = counts.filter { $0.value > 0 && SpaceGroup(number: $0.key) != nil }
        let used = known.isEmpty ? Dictionary(uniqueKeysWithValues: (1...230).map { ($0, 1) }) : known
        // In Double, which holds any sum of counts, and those below 2^53 exactly.
        let total = used.values.reduce(0) { $0 + Double($1) }
        var groups: [SpaceGroup] = []
        var cumulative: [Double] = []
        var sum = 0.0
        for number in used.keys.sorted() {
            guard let group = SpaceGroup(number: number), let count = used[number] else { continue }
            sum += Double(count)
            groups.append(group)
            cumulative.append(sum / total)
        }
        self.groups = groups
        self.cumulative = cumulative
    }

    /// The same share for each of some groups.
    package init(uniform groups: [SpaceGroup]) {
        self.init(counts: Dictionary(groups.map { ($0.number, 1) }, uniquingKeysWith: { first, _ in first }))
    }

    /// The distribution in the metadata of weights; all groups alike where there is none.
    package init(metadata: [String: String]) {
        let text = metadata[Self.metadataKey] ?? "{}"
        let counts = (try? JSONDecoder().decode([String: Int].self, from: Data(text.utf8))) ?? [:]
        // "1" and "01" are one number, which no table of ours has twice.
        self.init(
            counts: Dictionary(
                counts.compactMap { key, value in Int(key).map { ($0, value) } }, uniquingKeysWith: max))
    }

    /// Whether the metadata of weights have a distribution.
    package static func isKnown(metadata: [String: String]) -> Bool { metadata[metadataKey] != nil }

    /// Some groups, uniformly; the distribution in the metadata of weights if there are none.
    package init(spaceGroups numbers: [Int], metadata: [String: String]) {
        if numbers.isEmpty {
            self.init(metadata: metadata)
        } else {
            self.init(uniform: numbers.compactMap(SpaceGroup.init(number:)))
        }
    }

    /// The text for the metadata.
    package static func metadataText(counts: [Int: Int]) -> String {
        let pairs = counts.keys.sorted().map { "\"\($0)\":\(counts[$0] ?? 0)" }
        return "{\(pairs.joined(separator: ","))}"
    }

    /// Draws a group.
    package func draw(_ generator: inout Philox) -> SpaceGroup {
        let target = generator.uniform()
        let index = cumulative.firstIndex { target < $0 } ?? (cumulative.count - 1)
        return groups[index]
    }
}
