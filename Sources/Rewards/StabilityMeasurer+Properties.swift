internal import Crystals
internal import Potentials
internal import Trajectories

extension StabilityMeasurer {
    /// What the potential is asked for.
    var asked: PotentialProperties { measuresForces ? [.energy, .forces, .stress] : .energy }

    /// What the models predict of each structure. A model that cannot take a structure, or gives no finite number,
    /// leaves its quantities out.
    func predictions(of structures: [Structure]) -> [[Measurement.Quantity: Double]] {
        var values = structures.map { _ in [Measurement.Quantity: Double]() }
        for model in properties {
            for (index, result) in zip(structures.indices, model.predict(structures)) {
                guard let predictions = try? result.get() else { continue }
                for prediction in predictions where prediction.value.isFinite {
                    values[index].merge(prediction.quantities) { first, _ in first }
                }
            }
        }
        return values
    }
}

extension PropertyPrediction {
    /// Its numbers by name.
    fileprivate var quantities: [Measurement.Quantity: Double] {
        let quantity = Measurement.Quantity(rawValue: name)
        var quantities = [quantity: value]
        if let sigma, sigma.isFinite { quantities[quantity.sigma] = sigma }
        if let isInDomain { quantities[quantity.isInDomain] = isInDomain ? 1 : 0 }
        return quantities
    }
}
