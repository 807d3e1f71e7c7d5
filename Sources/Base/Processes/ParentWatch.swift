import Foundation

/// Ends a supervised process when its parent dies: the parent holds the other end of its standard input.
package enum ParentWatch {
    /// Asks to stop when standard input ends, and ends the process if that takes longer than `grace`.
    package static func start(_ stop: StopToken, grace: Duration = .seconds(20)) {
        Thread {
            var bytes = [UInt8](repeating: 0, count: 64)
            while true {
                let count = read(STDIN_FILENO, &bytes, bytes.count)
                if count == -1, errno == EINTR { continue }
                if count <= 0 { break }
            }
            stop.stop("the parent process is gone", isUrgent: true)
            Thread.sleep(forTimeInterval: Double(grace.components.seconds))
            _exit(1)
        }.start()
    }
}
