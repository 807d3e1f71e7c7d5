/// Lengths (Å) and angles (degrees) of a cell.
package struct LatticeParameters: Sendable, Hashable {
    package var a, b, c: Double
    package var alpha, beta, gamma: Double

    package init(a: Double, b: Double, c: Double, alpha: Double, beta: Double, gamma: Double) {
        self.a = a
        self.b = b
        self.c = c
        self.alpha = alpha
        self.beta = beta
        self.gamma = gamma
    }
}
