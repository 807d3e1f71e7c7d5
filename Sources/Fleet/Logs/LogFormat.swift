/// How log lines are written.
package enum LogFormat: String, CaseIterable, Sendable {
    /// For people: `2026-11-28T02:36:24.103Z info learner: [FineTuning] joined: actor node3:4711`.
    case text
    /// For programs: an object a line.
    case json
}
