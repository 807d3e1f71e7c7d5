import Base
import Synchronization
import Testing

@Suite struct TerminalProgressTests {
    /// A clock that stands still, and what was written.
    private final class Screen: Sendable {
        let time = Mutex(Duration.zero)
        let text = Mutex("")

        func progress(_ style: TerminalProgress.Style, total: Int? = 1_000) -> TerminalProgress {
            TerminalProgress(
                title: "sampling", total: total, unit: "crystals", style: style,
                elapsed: { self.time.withLock { $0 } }, write: { written in self.text.withLock { $0 += written } })
        }

        func advance(_ duration: Duration) { time.withLock { $0 += duration } }
        var written: String { text.withLock { $0 } }
    }

    @Test func lines_comeOncePerInterval() {
        let screen = Screen()
        let progress = screen.progress(.lines(every: .seconds(10)))
        for second in 1...25 {
            screen.advance(.seconds(1))
            progress.update(second * 20)
        }
        progress.finish()
        progress.update(900)
        #expect(
            screen.written == """
                sampling: 200 of 1,000 crystals (20.0%), 10.0 s, 20.0/s, 40.0 s left
                sampling: 400 of 1,000 crystals (40.0%), 20.0 s, 20.0/s, 30.0 s left
                sampling: 500 of 1,000 crystals (50.0%), 25.0 s, 20.0/s, 25.0 s left

                """)
    }

    @Test func bar_isDrawnOverAndFitsTheTerminal() {
        let screen = Screen()
        let progress = screen.progress(.bar(columns: 80))
        screen.advance(.seconds(5))
        progress.update(500, note: "loss 3.1")
        progress.update(501)
        screen.advance(.seconds(1))
        progress.message("checkpoint saved")
        progress.finish()
        let frames = screen.written.split(separator: "\r")
        #expect(frames.count == 4)
        #expect(frames[0].hasPrefix("sampling ██"))
        #expect(frames[0].contains("50.0%  500/1,000 crystals  100/s  5.0 s left  loss 3.1"))
        #expect(frames[1] == "\u{1B}[Kcheckpoint saved\n")
        for frame in frames { #expect(frame.replacing("\u{1B}[K", with: "").count <= 80) }
        #expect(screen.written.hasSuffix("\n"))
    }

    @Test func bar_onANarrowTerminal_isCut() {
        let screen = Screen()
        let progress = screen.progress(.bar(columns: 24))
        progress.update(1)
        #expect(screen.written == "\rsampling 0.1%  1/1,000 \u{1B}[K")
    }

    @Test func unknownTotal_showsCountAndRate() {
        let screen = Screen()
        let progress = screen.progress(.lines(every: .seconds(1)), total: nil)
        screen.advance(.seconds(2))
        progress.update(10)
        #expect(screen.written == "sampling: 10 crystals, 2.0 s, 5.00/s\n")
    }

    @Test func silent_writesNothing() {
        let screen = Screen()
        let progress = screen.progress(.silent)
        progress.update(10)
        progress.finish()
        #expect(screen.written.isEmpty)
    }
}
