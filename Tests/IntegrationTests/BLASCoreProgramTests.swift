import ProgramFixtures
import Testing

/// What a program says of the kernels that it computes with, whatever the processor.
@Suite struct BLASCoreProgramTests {
    @Test(arguments: ["Haswell", "Prescott"])
    func coreThatTheUserNames_stands(core: String) async throws {
        #if arch(x86_64)
            let script = "OPENBLAS_CORETYPE=$1 \"$DRUSE\" bench machine"
            let outcome = try await DruseProcess.runShell(script, arguments: [core])
            #expect(outcome.status == 0 && outcome.output.contains("OpenBLAS for \(core)\""), "\(outcome.output)")
        #endif
    }
}
