/// What processes sent that no honest peer sends, and which of them were turned away for it.
package struct Misconduct: Sendable {
    /// A process is turned away at this many offences.
    package static let limit = 3
    /// Processes remembered; beyond that the oldest are forgotten, so that names drawn anew do not fill the memory.
    package static let capacity = 10_000

    private struct Record: Sendable {
        var offences = 0
        /// Units in a row that an actor could not sample.
        var failures = 0
        var refusal: String?
    }

    private var records: [InstanceID: Record] = [:]
    private var order: [InstanceID] = []

    package init() {}

    /// Why a process is turned away; nil if it is not.
    package func refusal(of instance: InstanceID) -> String? { records[instance]?.refusal }

    /// How many processes are turned away.
    var refusedCount: Int { records.values.reduce(0) { $0 + ($1.refusal == nil ? 0 : 1) } }

    /// Notes something that no honest peer sends; returns how often the process did so.
    package mutating func note(_ instance: InstanceID) -> Int {
        update(instance) {
            $0.offences += 1
            return $0.offences
        }
    }

    /// Notes that an actor could not sample a unit; returns how many it could not in a row.
    mutating func noteFailure(_ instance: InstanceID) -> Int {
        update(instance) {
            $0.failures += 1
            return $0.failures
        }
    }

    /// Notes that an actor sampled a unit.
    mutating func noteSuccess(_ instance: InstanceID) { records[instance]?.failures = 0 }

    /// Turns a process away from now on.
    package mutating func refuse(_ instance: InstanceID, _ reason: String) {
        update(instance) { $0.refusal = reason }
    }

    private mutating func update<Value>(_ instance: InstanceID, _ change: (inout Record) -> Value) -> Value {
        if records[instance] == nil {
            order.append(instance)
            if order.count > Self.capacity {
                let forgotten = order.prefix(Self.capacity / 10)
                for instance in forgotten { records[instance] = nil }
                order.removeFirst(forgotten.count)
            }
        }
        return change(&records[instance, default: Record()])
    }
}
