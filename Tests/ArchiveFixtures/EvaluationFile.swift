package import Foundation

/// The result of an evaluation as `druse evaluate --run` leaves it, of made-up figures.
package struct EvaluationFile {
    /// Of 400 samples, those that are stable, unique and novel.
    package var sun: Int
    package var relaxedSUN: Int?

    package init(sun: Int, relaxedSUN: Int? = nil) {
        self.sun = sun
        self.relaxedSUN = relaxedSUN
    }

    private func share(_ count: Int) -> String { #"{"count":\#(count),"of":400}"# }

    private func verdicts(sun: Int) -> String {
        """
        {"measured":\(share(390)),"stable":\(share(120)),"on_hull":\(share(8)),"unique":\(share(380)),
        "novel":\(share(300)),"sun":\(share(sun)),"sun_on_hull":\(share(2)),"msun":\(share(30)),
        "far_below_hull":\(share(0))}
        """
    }

    private var text: String {
        let relaxed = relaxedSUN.map { #","relaxed":\#(verdicts(sun: $0))"# } ?? ""
        return """
            {"samples":400,"stable_fraction":0.3,"valid_fraction":0.9,"unique_fraction":0.95,"space_groups":9,
            "elements":7,"e_above_hull":[0.1],"policy":"version 3","stable_below":0.1,
            "figures":{"samples":400,"threshold":0.1,"valid":\(share(360)),"composition_valid":\(share(350)),
            "elemental":\(share(1)),"binary":\(share(40)),"sparse":\(share(0)),"space_groups":9,"elements":7,
            "as_sampled":\(verdicts(sun: sun))\(relaxed),"by_space_group":[],"by_crystal_system":[],
            "element_counts":{"Na":100},"heights":[0.1],"relaxed_heights":[]}}
            """
    }

    /// Writes it in place of what is there.
    package func write(to url: URL) throws { try Data(text.utf8).write(to: url, options: .atomic) }
}
