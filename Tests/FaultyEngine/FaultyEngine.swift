import Engines
import Foundation
import Trajectories

/// An engine child for tests, whose engine fails in the way that an item's job number asks for.
@main
enum FaultyEngine {
    static func main() {
        guard let threads = EngineChild.threads else {
            exit(64)
        }
        EngineChild.run(threads: threads) { settings in
            switch settings {
            case "refuse": throw RoleError.work("this engine refuses")
            case "die at the start": abort()
            default: FaultyMeasurer(settings: settings)
            }
        }
    }
}

private struct FaultyMeasurer: CrystalMeasurer {
    let settings: String

    func measure(_ items: [WorkItem]) -> [MeasuringResult] {
        items.map { item in
            switch settings == "units of 8" ? item.index / 8 : item.job {
            case 1:
                let empty: [Int] = []
                print(empty[item.index])
            case 2: abort()
            case 3: while true { usleep(1000) }
            case 4: exit(0)
            case 5: raise(SIGSEGV)
            case 6: raise(SIGKILL)
            case 7: raise(SIGBUS)
            case 8: raise(SIGFPE)
            case 9: print("an engine that prints")
            case 10: killOnce()
            default: break
            }
            return MeasuringResult(
                outcome: .measured(
                    Measurement(energyPerAtom: Double(item.index), energyAboveHull: Double(item.job))),
                seconds: 0.25)
        }
    }

    /// Kills this process, as a system short of memory does, unless it was killed before: a file by that name tells.
    private func killOnce() {
        let file = open(settings, O_CREAT | O_EXCL, 0o600)
        if file >= 0 { raise(SIGKILL) }
    }
}
