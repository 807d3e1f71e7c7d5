package import Potentials
internal import Protocol
internal import Rewards
internal import Trajectories

/// The properties that a run predicts of its crystals: which models, which quantities.
package struct PropertyStandard: Sendable {
    /// In the order of the configuration.
    package let models: [any PropertyModel]

    /// - Parameters:
    ///   - names: as of `PropertySource.load(_:)`.
    ///   - columns: those of the archive, which no quantity may be called.
    /// - Throws: ``ModelError`` if one cannot be opened, two give one quantity, a quantity has the name of something
    ///   else, or there are more than a measurement may hold.
    package init(_ names: [String], columns: Set<String> = []) throws(ModelError) {
        var models: [any PropertyModel] = []
        var owners: [String: String] = [:]
        var count = Measurement.Quantity.measuredCount
        for name in names {
            let model = try PropertySource.load(name)
            for prediction in model.predictions {
                if let problem = Self.problem(ofName: prediction.name, columns: columns) {
                    throw ModelError("\(name) predicts \"\(prediction.name)\", \(problem)")
                }
                let quantity = Measurement.Quantity(rawValue: prediction.name)
                for taken in [quantity, quantity.sigma, quantity.isInDomain] {
                    guard let owner = owners.updateValue(name, forKey: taken.rawValue) else { continue }
                    throw ModelError("both \(owner) and \(name) predict \(taken.rawValue): leave one of them out")
                }
            }
            // A head tells the error and the domain as well.
            count += model.predictions.count * (model is PropertyHead ? 3 : 1)
            models.append(model)
        }
        guard count <= WireLimits.quantities else {
            throw ModelError(
                "with the models of properties a crystal has \(count) quantities, and a measurement holds at most "
                    + "\(WireLimits.quantities): name fewer")
        }
        self.models = models
    }

    /// What speaks against a quantity of this name; nil if nothing.
    private static func problem(ofName name: String, columns: Set<String>) -> String? {
        let isName =
            (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                    || $0 == UInt8(ascii: "_")
            }
        if !isName { return "which is no lower-case name of at most 64 letters, digits and _" }
        if Measurement.Quantity(rawValue: name).isMeasured { return "which every run measures itself" }
        if TermSource.computedNames.contains(name) { return "which is what a reward computes of the crystal itself" }
        return columns.contains(name) ? "which every run's archive has as a name of its own" : nil
    }
}
