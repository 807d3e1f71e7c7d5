import Crystals
import Potentials
import Testing

/// The graph holds what forces and stress need: vectors, directions, and the edges of each angle.
@Suite struct CrystalGraphTests {
    @Test(arguments: ["nacl", "si-skewed", "srtio3", "po-sc"])
    func vectors_directionsAndAngles_belongTogether(id: String) throws {
        let structure = try #require(try PhysicsFixtures.structures()[id])
        let graph = try PhysicsFixtures.model.get().makeCHGNetEvaluator().makeGraph(of: structure)
        #expect(graph.bondCount > 0 && graph.edgeCount == 2 * graph.bondCount)
        for (vector, length) in zip(graph.bondVectors, graph.bondLengths) {
            #expect(abs((vector * vector).sum().squareRoot() - length) < 1e-12)
        }
        // The two edges of a bond point along its vector, forwards and backwards, and end on an image of the neighbour.
        var sums = [SIMD3<Double>](repeating: .zero, count: graph.bondCount)
        for edge in 0..<graph.edgeCount {
            let bond = graph.edgeBonds[edge]
            let direction = graph.edgeDirections[edge]
            sums[bond] += direction
            let along = (direction * graph.bondVectors[bond]).sum()
            #expect(abs(abs(along) - graph.bondLengths[bond]) < 1e-12)
            let difference =
                structure.fractionalCoordinates[graph.edgeNeighbors[edge]]
                - structure.fractionalCoordinates[graph.edgeCentres[edge]]
            let shift = structure.cell.fractional(graph.bondLengths[bond] * direction) - difference
            for axis in 0..<3 { #expect(abs(shift[axis] - shift[axis].rounded()) < 1e-9) }
        }
        #expect(sums.allSatisfy { ($0 * $0).sum() < 1e-24 })
        var angle = 0
        graph.forEachAngle { centre, first, second in
            #expect(graph.edgeCentres[first] == centre && graph.edgeCentres[second] == centre)
            let cosine = (graph.edgeDirections[first] * graph.edgeDirections[second]).sum()
            #expect(abs(cosine - graph.angleCosines[angle]) < 1e-12)
            angle += 1
        }
        #expect(angle == graph.angleCount)
    }

    /// A batch gives what its structures give alone, errors included, in their order.
    @Test func evaluate_ofABatch_isThatOfEachStructure() throws {
        let model = try PhysicsFixtures.model.get()
        let structures = try PhysicsFixtures.structures()
        let names = ["nacl", "coincident", "si-skewed", "amo2", "cu-fcc"]
        let batch = try names.map { try #require(structures[$0]) }
        let together = model.makeEvaluator().evaluate(batch, .energy)
        #expect(together.count == batch.count)
        for (structure, result) in zip(batch, together) {
            #expect(result == model.makeEvaluator().evaluate([structure], .energy)[0])
        }
        #expect(throws: PotentialError.self) { try together[1].get() }
        #expect(model.makeEvaluator().evaluate([], .energy).isEmpty)
    }
}
