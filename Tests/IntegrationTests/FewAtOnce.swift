import Foundation
import Testing

/// Lets only some suites run at once, each of whose tests starts processes: all of them together would be a load of
/// fifty on two cores, and show how a run fares there instead of what they are about.
struct FewAtOnce: SuiteTrait, TestScoping {
    /// One more than cores: processes wait for one another.
    private static let places = Places(count: ProcessInfo.processInfo.activeProcessorCount + 1)

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        await Self.places.take()
        do {
            try await function()
            await Self.places.giveBack()
        } catch {
            await Self.places.giveBack()
            throw error
        }
    }

    private actor Places {
        private var free: Int
        private var waiting: [CheckedContinuation<Void, Never>] = []

        init(count: Int) { free = count }

        func take() async {
            if free > 0 {
                free -= 1
            } else {
                await withCheckedContinuation { waiting.append($0) }
            }
        }

        func giveBack() {
            if waiting.isEmpty {
                free += 1
            } else {
                waiting.removeFirst().resume()
            }
        }
    }
}

extension Trait where Self == FewAtOnce {
    /// See ``FewAtOnce``.
    static var fewAtOnce: FewAtOnce { FewAtOnce() }
}
