internal import Crystals
internal import Kernels

/// From features of atoms to numbers.
extension CHGNetEvaluator {
    /// |w . h + b| of each atom, μB, from the features before the last convolution.
    func magneticMoments(_ count: Int) -> [Double] {
        let weights = model.weights
        let values = atoms.view(count * width).array
        let weight = weights.momentWeight.array
        return (0..<count).map { atom in
            var moment = weights.momentBias
            for k in 0..<width { moment += Double(values[atom * width + k]) * Double(weight[k]) }
            return moment.magnitude
        }
    }

    /// The energy of each atom, reference energy included, eV.
    func readOut(_ elements: [Element]) -> [Double] {
        let weights = model.weights
        let count = elements.count
        var x = atoms.view(count * width)
        if let norm = weights.readoutNorm {
            let y = summed.mutableView(count * width)
            LayerNorm(size: width, epsilon: Float(model.configuration.layerNormEpsilon)).forward(
                x, scale: norm.scale, offset: norm.offset, into: y, mean: hidden.mutableView(count),
                inverseDeviation: gates.mutableView(count), rows: count)
            x = y.view
        }
        for (index, layer) in weights.readout.dropLast().enumerated() {
            let y =
                index % 2 == 0
                ? update.mutableView(count * layer.outputs) : centrePart.mutableView(count * layer.outputs)
            Linear(inputs: layer.inputs, outputs: layer.outputs).forward(
                x, weight: layer.weight.forward, bias: layer.bias, into: y, rows: count)
            VectorMath.silu(y.view, into: y)
            x = y.view
        }
        // The last layer in double: its result is large against the tolerance of an energy.
        guard let last = weights.readout.last else { return [] }
        let values = x.array
        let weight = last.weight.forward.array
        return elements.enumerated().map { atom, element in
            var energy = Double(last.bias[0]) + weights.referenceEnergies[element.atomicNumber - 1]
            for k in 0..<last.inputs { energy += Double(values[atom * last.inputs + k]) * Double(weight[k]) }
            return energy
        }
    }
}
