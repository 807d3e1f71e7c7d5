/// Each part to the nearest whole number, halves to the even one.
///
/// Adding and taking off 1.5 · 2⁵² leaves no room for fractions. The library's rounding is a call for each part
/// where the processor's instruction for it may not be presumed, and comparisons do little else.
///
/// - Precondition: no part is 2⁵¹ or larger.
@inline(__always)
func nearestWhole(_ x: SIMD3<Double>) -> SIMD3<Double> {
    let large = SIMD3(repeating: 0x1.8p52)
    return (x + large) - large
}
