import Foundation
import Kernels

/// The five kinds of token, in the order of a site.
enum TokenKind: Int, CaseIterable {
    case wyckoff, atom, x, y, z
}

/// The input features of tokens, before their projections: gathered kind by kind so that each kind is one matrix
/// product.
struct TokenFeatures {
    let configuration: PolicyConfiguration

    /// The width of the features of a kind.
    func width(_ kind: TokenKind) -> Int {
        switch kind {
        case .wyckoff: 2 * configuration.embeddingSize + 1
        case .atom: 2 * configuration.embeddingSize
        case .x, .y, .z: configuration.coordinateInputs
        }
    }

    /// Group embedding, Wyckoff embedding, multiplicity as a number.
    func writeWyckoff(group: Int, wyckoff: Int, multiplicity: Int, weights: PolicyWeights, into row: MutableFloatView) {
        let size = configuration.embeddingSize
        row.mutableView(0, size).copy(from: weights.groupEmbedding(group))
        row.mutableView(size, size).copy(from: weights.wyckoffEmbedding(wyckoff))
        row[2 * size] = Float(multiplicity)
    }

    /// Group embedding, atom embedding.
    func writeAtom(group: Int, atom: Int, weights: PolicyWeights, into row: MutableFloatView) {
        let size = configuration.embeddingSize
        row.mutableView(0, size).copy(from: weights.groupEmbedding(group))
        row.mutableView(size, size).copy(from: weights.atomEmbedding(atom))
    }

    /// Group embedding, then sin(2πfx), cos(2πfx) for f = 1...Nf.
    func writeCoordinate(group: Int, value: Double, weights: PolicyWeights, into row: MutableFloatView) {
        let size = configuration.embeddingSize
        row.mutableView(0, size).copy(from: weights.groupEmbedding(group))
        let s = sin(2 * .pi * value)
        let c = cos(2 * .pi * value)
        var sine = s
        var cosine = c
        for frequency in 0..<configuration.fourierFrequencies {
            row[size + 2 * frequency] = Float(sine)
            row[size + 2 * frequency + 1] = Float(cosine)
            (sine, cosine) = (sine * c + cosine * s, cosine * c - sine * s)
        }
    }
}

extension PolicyWeights {
    func groupEmbedding(_ group: Int) -> FloatView { row(layout.groupEmbedding, group - 1) }
    func wyckoffEmbedding(_ wyckoff: Int) -> FloatView { row(layout.wyckoffEmbedding, wyckoff) }
    func atomEmbedding(_ atom: Int) -> FloatView { row(layout.atomEmbedding, atom) }

    private func row(_ entry: ParameterLayout.Entry, _ index: Int) -> FloatView {
        let size = configuration.embeddingSize
        return parameters.view(entry.offset + index * size, size)
    }
}
