import Kernels
import Testing

@Suite struct FloatViewTests {
    @Test func mutableView_writesWhatViewsShow() {
        let buffer = FloatBuffer([1, 2, 3, 4, 5])
        let shown = buffer.view(1, 3)
        let written = buffer.mutableView(2, 3)
        written[0] = 30
        #expect(shown.array == [2, 30, 4])
        written.mutableView(1, 2).assign([40, 50])
        #expect(buffer.array == [1, 2, 30, 40, 50])
        #expect(written.view.array == [30, 40, 50] && written.view(1, 1).array == [40])
    }

    @Test func copy_ofAView_isABlockOfItsOwn() {
        let buffer = FloatBuffer([1, 2, 3])
        let copy = FloatBuffer(copying: buffer.view(1, 2))
        buffer[1] = 7
        #expect(copy.array == [2, 3])
    }

    @Test func scratch_growsAndIsKept() {
        var scratch = ScratchBuffer()
        scratch.mutableView(10).fill(1)
        let size = scratch.count
        #expect(size >= 10)
        scratch.mutableView(4).fill(2)
        #expect(scratch.count == size)
        #expect(scratch.view(6).array == [2, 2, 2, 2, 1, 1])
        scratch.reserve(size + 1)
        #expect(scratch.count > size)
        scratch.releaseIfLarge()
        #expect(scratch.count > size)
    }
}
