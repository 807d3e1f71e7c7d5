import Base
import Foundation
import Synchronization
import Testing

@Suite struct StopTokenTests {
    @Test func wait_withoutARequest_endsWithItsTime() {
        #expect(!StopToken().wait(atMost: .milliseconds(1)))
    }

    /// Whoever waits is woken, before the request and after it: none of them waits out the hour.
    @Test(.timeLimit(.minutes(1))) func wait_whenAskedToFinish_endsAtOnce() {
        let stop = StopToken()
        let woken = Atomic<Int>(0)
        let threads = (0..<3).map { index in
            RoleThread(name: "waits \(index)") {
                if stop.wait(atMost: .seconds(3600)) { woken.add(1, ordering: .relaxed) }
            }
        }
        stop.stop("SIGTERM")
        for thread in threads { thread.join() }
        #expect(woken.load(ordering: .relaxed) == 3)
        #expect(stop.wait(atMost: .seconds(3600)))
    }
}
