import Crystals
import Engines
import Potentials
import Rewards
import Synchronization
import Testing
import Trajectories

/// What is measured by others, and what here because no message brings it.
@Suite struct RemoteExaminerTests {
    private final class Nothing: PotentialEvaluator {
        func evaluate(
            _ structures: [Structure], _ properties: PotentialProperties
        ) -> [Result<PotentialEvaluation, PotentialError>] {
            structures.map { _ in .failure(.engine(.failed("measured here"))) }
        }
    }

    private struct Here: InteratomicPotential {
        let name = "here"
        let digest = "here"
        let energyConvention = EnergyConvention.rawPBE
        let properties: PotentialProperties = [.energy, .forces, .stress]

        func knows(_ element: Element) -> Bool { true }
        func makeEvaluator() -> any PotentialEvaluator { Nothing() }
    }

    /// A few sites may stand for more atoms than a message brings: of 192 each, 21 are the most.
    @Test(arguments: [(21, 1), (22, 0)]) func crystalOfManyAtoms_isRelaxedHere(sites: Int, asked: Int) throws {
        let count = Mutex(0)
        let examiner = RemoteExaminer(recipes: .init(energy: 0, relaxation: 1), potential: Here()) { item, recipe in
            count.withLock { $0 += 1 }
            #expect(recipe == 1 && item.crystal?.sites.count == sites)
            return MeasuringResult(outcome: .failed(.engineTimedOut), seconds: 0)
        }
        let group = try #require(SpaceGroup(number: 225))
        let hydrogen = try #require(Element(symbol: "H"))
        let crystal = Crystal(
            spaceGroup: group,
            sites: (0..<sites).map {
                Crystal.Site(
                    wyckoff: group.wyckoffPositions.count, element: hydrogen,
                    position: SIMD3(0.05 + 0.006 * Double($0), 0.2, 0.3))
            }, lattice: LatticeParameters(a: 200, b: 200, c: 200, alpha: 90, beta: 90, gamma: 90))
        let rejection = #expect(throws: Rejection.self) {
            _ = try examiner.relax(.crystal(crystal), RelaxationSettings())
        }
        #expect(count.withLock { $0 } == asked)
        guard case .failed(let failure)? = rejection else {
            Issue.record("\(String(describing: rejection))")
            return
        }
        #expect((failure == .engineTimedOut) == (asked == 1))
    }

    /// Workers' logs name items by their numbers.
    @Test func items_haveNumbersOfTheirOwn() throws {
        let numbers = Mutex<[Int]>([])
        let examiner = RemoteExaminer(recipes: .init(energy: 0), potential: Here()) { item, _ in
            numbers.withLock { $0.append(item.index) }
            return MeasuringResult(outcome: .failed(.engineTimedOut), seconds: 0)
        }
        let hydrogen = try #require(Element(symbol: "H"))
        let structure = Structure(
            cell: Cell(a: SIMD3(4, 0, 0), b: SIMD3(0, 4, 0), c: SIMD3(0, 0, 4)), elements: [hydrogen],
            fractionalCoordinates: [.zero])
        for _ in 0..<3 { #expect(throws: Rejection.self) { _ = try examiner.energyPerAtom(of: structure) } }
        #expect(numbers.withLock { $0 } == [0, 1, 2])
    }
}
