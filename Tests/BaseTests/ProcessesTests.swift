import Base
import Foundation
import Testing

@Suite struct ProcessesTests {
    @Test func post_fullMailbox_isRefused() {
        let mailbox = Mailbox<Int>(capacity: 2)
        #expect(mailbox.post(1) == .posted)
        #expect(mailbox.post(2) == .posted)
        #expect(mailbox.post(3) == .full)
        #expect(mailbox.receive(timeout: .zero) == 1)
        #expect(mailbox.takeAll() == [2])
        #expect(mailbox.receive(timeout: .milliseconds(1)) == nil)
    }

    @Test func close_mailbox_endsWaitingAndKeepsWhatIsThere() {
        let mailbox = Mailbox<Int>(capacity: 2)
        _ = mailbox.post(1)
        mailbox.close()
        #expect(mailbox.post(2) == .closed)
        #expect(!mailbox.isExhausted)
        #expect(mailbox.receive(timeout: .seconds(30)) == 1)
        #expect(mailbox.isExhausted)
        #expect(mailbox.receive(timeout: .seconds(30)) == nil)
    }

    @Test func mailbox_manyThreads_losesNothingAndEndsAllWaiting() {
        let mailbox = Mailbox<Int>(capacity: 100_000)
        let received = Mailbox<Int>(capacity: 100_000)
        let receivers = (0..<4).map { number in
            RoleThread(name: "receiver \(number)") {
                while !mailbox.isExhausted {
                    // Timeouts in all places: signals that come in between must not be lost.
                    if let element = mailbox.receive(timeout: .microseconds(number * 50)) {
                        received.post(element, bounded: "as many as were posted")
                    }
                }
            }
        }
        let senders = (0..<4).map { number in
            RoleThread(name: "sender \(number)") {
                for element in 0..<2000 {
                    mailbox.post(number * 2000 + element, bounded: "8000 elements")
                    if element % 100 == 0 { Thread.sleep(forTimeInterval: 1e-4) }
                }
            }
        }
        for sender in senders { #expect(sender.join(timeout: .seconds(20))) }
        let waiting = RoleThread(name: "waiting") { _ = Mailbox<Int>(capacity: 1).receive(timeout: .milliseconds(1)) }
        mailbox.close()
        for receiver in receivers { #expect(receiver.join(timeout: .seconds(20))) }
        #expect(waiting.join(timeout: .seconds(20)))
        #expect(received.takeAll().sorted() == Array(0..<8000))
    }

    #if os(Linux)
        @Test func thread_isKnownToTheSystemByItsName() {
            let names = Mailbox<String>(capacity: 1)
            let thread = RoleThread(name: "a name that is too long") {
                let name = (try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? ""
                names.post(name, bounded: "one name")
            }
            #expect(thread.join(timeout: .seconds(20)))
            #expect(names.takeAll() == ["a name that is \n"])
        }
    #endif

    @Test func jobPool_manyJobs_doesEachOnce() throws {
        let wakeup = try Wakeup()
        let pool = JobPool<Int, Int>(name: "test", threads: 3, wakeup: wakeup) { { $0 * $0 } }
        var outputs: [Int] = []
        for job in 0..<10 { pool.submit(job) }
        while outputs.count < 10 {
            wait(wakeup, seconds: 10)
            outputs += pool.takeOutputs()
        }
        #expect(outputs.sorted() == (0..<10).map { $0 * $0 })
        #expect(pool.close(timeout: .seconds(10)))
        pool.submit(1)
        #expect(pool.takeOutputs().isEmpty)
    }

    @Test func stop_token_keepsTheFirstReasonAndWakes() throws {
        let token = StopToken()
        let wakeup = try Wakeup()
        token.addWakeup(wakeup)
        token.stop("first")
        token.stop("second")
        #expect(token.reason == "first")
        let begin = Moment.now
        wait(wakeup, seconds: 30)
        #expect(begin.duration(to: .now) < .seconds(20))
    }

    @Test func terminationSignals_firstSignal_asksToStop() throws {
        let token = StopToken()
        let wakeup = try Wakeup()
        token.addWakeup(wakeup)
        TerminationSignals.install(token)
        kill(getpid(), SIGTERM)
        wait(wakeup, seconds: 30)
        #expect(token.reason == "SIGTERM")
    }

    /// Waits for a signal of the wake-up.
    private func wait(_ wakeup: Wakeup, seconds: Int32) {
        var item = pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&item, 1, 1000 * seconds) == 1 { wakeup.reset() }
    }
}
