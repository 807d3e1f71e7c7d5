import Foundation

/// Sines and cosines of the rotary position embedding, for positions 0..<length and a head size.
package struct RotaryTable: Sendable {
    package let headSize: Int
    /// `[length, headSize / 2]`
    package let sine: FloatView
    package let cosine: FloatView

    /// Computed in double and rounded: angle = position / 10000^(2 i / headSize).
    /// - Precondition: the head size is even.
    package init(headSize: Int, length: Int) {
        precondition(headSize > 0 && headSize % 2 == 0)
        self.headSize = headSize
        let half = headSize / 2
        let sines = FloatBuffer(count: length * half)
        let cosines = FloatBuffer(count: length * half)
        for position in 0..<length {
            for i in 0..<half {
                let angle = Double(position) * pow(10_000, -Double(2 * i) / Double(headSize))
                sines[position * half + i] = Float(sin(angle))
                cosines[position * half + i] = Float(cos(angle))
            }
        }
        sine = sines.view
        cosine = cosines.view
    }
}
