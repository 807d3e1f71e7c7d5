import ArgumentParser
import Base
import Fleet
import Foundation
import LivePage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// `druse serve`: the page of runs, whatever state they are in.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Show runs in a browser: running, finished or copied ones.",
        discussion: """
            Reads the runs' directories and changes nothing. Several runs, or a folder of runs, are shown side by \
            side. The address is printed. Beyond this machine only who has the token, which is printed with it, may \
            look; the environment variable \(Page.tokenVariable) holds one of your own. Ctrl-C ends it.
            """)

    @Argument(help: ArgumentHelp("Directories of runs, or folders of such directories.", valueName: "run directory"))
    var runs: [String]

    @OptionGroup var page: PageOptions

    @Option(
        help: ArgumentHelp(
            "Where to listen: a port of this machine alone, or a host and port.", valueName: "[host:]port"))
    var listen = ""

    func run() {
        RoleProcess.perform {
            let stop = RoleProcess.stopToken(exitsWithParent: false)
            let found = try RunFolders.find(runs)
            let page = try Page(
                runs: found, socket: PageSocket(PageAddress(listen)), token: page.chosenToken, build: RoleProcess.build)
            RoleProcess.say("\(found.count == 1 ? "the run" : "\(found.count) runs") at \(page.announcement)")
            let wakeup = try Wakeup()
            stop.addWakeup(wakeup)
            while !stop.isStopped {
                var entry = pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0)
                _ = poll(&entry, 1, -1)
            }
            page.close()
            return ExitStatus.complete.rawValue
        }
    }
}

/// The options of commands that open or look at a page.
struct PageOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What viewers of the page must know; other users of this machine can see it here, but not in the "
                + "environment variable \(Page.tokenVariable).", valueName: "token"))
    var token: String?

    /// The option's, or the environment's.
    var chosenToken: String? { token ?? ProcessInfo.processInfo.environment[Page.tokenVariable] }
}
