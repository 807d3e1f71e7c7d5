import Foundation
import Kernels
import Testing

/// OpenBLAS has kernels that suit the processor, also one that it is too old to know.
@Suite struct BLASCoreTests {
    private static let environment = ProcessInfo.processInfo.environment

    /// Whether the processor has instructions that no kernel for a Pentium 4 uses, and nobody asked for such kernels.
    private static let isModern =
        environment["OPENBLAS_CORETYPE"] == nil
        && (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.contains(" avx2 ") == true

    @Test(.enabled("needs a processor with AVX2, and no OPENBLAS_CORETYPE") { isModern })
    func kernels_ofAModernProcessor_areNotThoseOfAPentium() {
        #expect(!["Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Sandybridge"].contains(BLAS.coreName))
    }

    @Test func environment_isThatOfTheUser() {
        #expect(Self.environment["DRUSE_BLAS_CORE"] == nil)
    }
}
