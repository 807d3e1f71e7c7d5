import Base
import Foundation

/// What evaluations of a run found, a line for each, from the books of its page: shares of all samples, with their
/// standard errors.
struct EvaluationLines {
    private static let shares = [("sun", "S.U.N."), ("stable", "stable"), ("unique", "unique"), ("novel", "novel")]

    let lines: [String]

    /// - Parameters:
    ///   - books: as the page gives them; without an evaluation there are no lines.
    ///   - sign: between a share and its error.
    init(_ books: [String: Any], sign: String) {
        let evaluations = books["evaluation"] as? [String: Any] ?? [:]
        lines = ["before", "after"].flatMap { name -> [String] in
            guard let evaluation = evaluations[name] as? [String: Any] else { return [] }
            let forms = [("as_sampled", "as sampled"), ("relaxed", "relaxed")].filter { evaluation[$0.0] != nil }
            let samples = (evaluation["samples"] as? NSNumber)?.intValue ?? 0
            // Of the one before, the policy is called so, too.
            let policy = evaluation["policy"].flatMap { $0 as? String }.flatMap { $0 == name ? nil : $0 } ?? ""
            return forms.map { key, title in
                let told = Self.text(evaluation[key] as? [String: Any] ?? [:], sign: sign)
                return "evaluated \(name)\(forms.count > 1 ? ", \(title)" : ""): \(told) "
                    + "(\(HumanFormat.count(samples)) samples\(policy.isEmpty ? "" : " of \(policy)"))"
            }
        }
    }

    private static func text(_ form: [String: Any], sign: String) -> String {
        shares.compactMap { key, title -> String? in
            guard let share = form[key] as? [Double], share.count == 2 else { return nil }
            return "\(title) \(HumanFormat.percent(share[0])) \(sign) \(HumanFormat.percent(share[1]))"
        }.joined(separator: ", ")
    }
}
