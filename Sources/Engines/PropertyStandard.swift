package import Potentials
internal import Protocol
internal import Rewards
internal import Trajectories

/// The properties that a run predicts of its crystals: which models, which quantities.
package struct PropertyStandard: Sendable {
    /// In the order of the configuration.
    package let models: [any PropertyModel]

    /// - Parameter names: as of `PropertySource.load(_:)`.
    /// - Throws: ``ModelError`` if one cannot be opened, two give one quantity, a quantity has the name of something
    ///   else, or there are more than a measurement may hold.
    package init(_ names: [String]) throws(ModelError) {
        var models: [any PropertyModel] = []
        var owners: [String: String] = [:]
        var count = Measurement.Quantity.measuredCount
        for name in names {
            let model = try PropertySource.load(name)
            for prediction in model.predictions {
                if let problem = QuantityName.problem(of: prediction.name) {
                    throw ModelError("\(name) predicts \"\(prediction.name)\", \(problem)")
                }
                let quantity = Measurement.Quantity(rawValue: prediction.name)
                for taken in quantity.predicted {
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
}
