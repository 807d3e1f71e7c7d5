import Base
import Matching
import Testing

@Suite struct SiteAssignmentTests {
    @Test func columns_haveTheLeastSum() throws {
        var generator = Philox(seed: 1, domain: .testing)
        for round in 0..<400 {
            let count = 1 + round % 6
            // Few different values, so that there are ties, and forbidden pairs.
            let costs = (0..<count * count).map { _ in
                generator.uniform() < 0.3 ? Double.infinity : (generator.uniform() * 8).rounded()
            }
            func sum(_ columns: [Int]) -> Double {
                columns.enumerated().reduce(0) { $0 + costs[$1.offset * count + $1.element] }
            }
            let least = permutations(count).map(sum).min() ?? .infinity
            let found = SiteAssignment.columns(costs: costs, count: count)
            #expect(found.map(sum) ?? .infinity == least)
            if let found { #expect(Set(found) == Set(0..<count)) }
        }
    }

    @Test func columns_ofManySites_areFoundAtOnce() throws {
        // Each row costs least where its number stands, but row and column potentials hide that.
        let count = 400
        var generator = Philox(seed: 2, domain: .testing)
        let rows = (0..<count).map { _ in generator.uniform() * 100 }
        let columns = (0..<count).map { _ in generator.uniform() * 100 }
        var partners = Array(0..<count)
        partners.shuffle(using: &generator)
        var costs: [Double] = []
        for row in 0..<count {
            for column in 0..<count {
                let excess = partners[row] == column ? 0 : 0.01 + generator.uniform()
                costs.append(rows[row] + columns[column] + excess)
            }
        }
        #expect(SiteAssignment.columns(costs: costs, count: count) == partners)
    }

    @Test func columns_withoutAnAssignment_areNone() {
        let none = Double.infinity
        #expect(SiteAssignment.columns(costs: [1, none, 1, none], count: 2) == nil)
        #expect(SiteAssignment.columns(costs: [none], count: 1) == nil)
        #expect(SiteAssignment.columns(costs: [], count: 0) == [])
    }

    /// All orders of 0..<count.
    private func permutations(_ count: Int) -> [[Int]] {
        guard count > 0 else { return [[]] }
        return permutations(count - 1).flatMap { shorter in
            (0...shorter.count).map { Array(shorter[..<$0]) + [count - 1] + Array(shorter[$0...]) }
        }
    }
}
