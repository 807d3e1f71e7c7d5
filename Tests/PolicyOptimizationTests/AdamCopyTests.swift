import Kernels
import PolicyOptimization
import Testing

@Suite struct AdamCopyTests {
    @Test func copies_shareNoState() {
        var first = Adam(parameterCount: 3)
        let parameters = FloatBuffer([1, 2, 3])
        first.step(parameters.mutableView, gradient: FloatBuffer([1, 0, -1]).view, learningRate: 0.1)
        let before = (first.firstMoment.array, first.secondMoment.array)
        var second = first
        second.step(parameters.mutableView, gradient: FloatBuffer([0, 5, 0]).view, learningRate: 0.1)
        #expect(first.firstMoment.array == before.0 && first.secondMoment.array == before.1)
        #expect(first.stepCount == 1 && second.stepCount == 2)
        #expect(second.firstMoment.array != before.0)
        // The first goes on as if there were no second.
        let changed = second.firstMoment.array
        first.step(parameters.mutableView, gradient: FloatBuffer([1, 1, 1]).view, learningRate: 0.1)
        #expect(second.firstMoment.array == changed)
    }
}
