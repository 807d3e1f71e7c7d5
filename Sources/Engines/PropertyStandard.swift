package import Potentials
internal import Trajectories

/// The properties that a run predicts of its crystals: which models, which quantities.
package struct PropertyStandard: Sendable {
    /// In the order of the configuration.
    package let models: [any PropertyModel]

    /// - Parameter names: as of ``PropertySource/load(_:)``.
    /// - Throws: ``ModelError`` if one cannot be opened, or two give one quantity.
    package init(_ names: [String]) throws(ModelError) {
        var models: [any PropertyModel] = []
        var owners: [String: String] = [:]
        for name in names {
            let model = try PropertySource.load(name)
            for prediction in model.predictions {
                if let problem = Self.problem(ofName: prediction.name) {
                    throw ModelError("\(name) predicts \"\(prediction.name)\", \(problem)")
                }
                if let owner = owners.updateValue(name, forKey: prediction.name) {
                    throw ModelError("both \(owner) and \(name) predict \(prediction.name): leave one of them out")
                }
            }
            models.append(model)
        }
        self.models = models
    }

    /// What speaks against a quantity of this name; nil if nothing.
    private static func problem(ofName name: String) -> String? {
        let isName =
            (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                    || $0 == UInt8(ascii: "_")
            }
        if !isName { return "which is no lower-case name of at most 64 letters, digits and _" }
        return Measurement.Quantity(rawValue: name).isMeasured ? "which every run measures itself" : nil
    }
}
