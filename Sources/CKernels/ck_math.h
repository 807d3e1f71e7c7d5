// Scalar functions that the compiler can vectorise inside loops: polynomials and bit operations, no branches, no library calls.
#pragma once
#include <stdint.h>
#include <string.h>

#define CK_INLINE static inline __attribute__((always_inline))

CK_INLINE float ck_exp1(float x) {
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    // x = n ln 2 + r, |r| <= ln 2 / 2; adding 1.5 * 2^23 rounds to the nearest integer.
    float shifted = x * 1.44269504088896341f + 12582912.0f;
    float n = shifted - 12582912.0f;
    float r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t bits = ((int32_t)n + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

CK_INLINE float ck_sigmoid1(float x) { return 1.0f / (1.0f + ck_exp1(-x)); }

// ln(1 + exp(x)) = max(x, 0) + ln(1 + e), e = exp(-|x|); ln(1 + e) = 2 artanh(z), z = e / (2 + e) <= 1/3.
CK_INLINE float ck_softplus1(float x) {
    float magnitude = x < 0 ? -x : x;
    float e = ck_exp1(-magnitude);
    float z = e / (2.0f + e);
    float z2 = z * z;
    float p = 0.15384615384615385f;
    p = p * z2 + 0.18181818181818182f;
    p = p * z2 + 0.22222222222222222f;
    p = p * z2 + 0.28571428571428571f;
    p = p * z2 + 0.4f;
    p = p * z2 + 0.66666666666666667f;
    p = p * z2 + 2.0f;
    return (x > 0 ? x : 0) + z * p;
}

CK_INLINE float ck_tanh1(float x) {
    float e = ck_exp1(2.0f * x);
    return 1.0f - 2.0f / (e + 1.0f);
}

// sin and cos of any angle of moderate size (|x| < 1e5), doubles; error about 1e-15.
CK_INLINE void ck_sincos1(double x, double *s, double *c) {
    double shifted = x * 0.63661977236758134308 + 6755399441055744.0;
    double n = shifted - 6755399441055744.0;
    double r = x - n * 1.57079632673412561417;
    r = r - n * 6.07710050650619224932e-11;
    int64_t q = (int64_t)n;
    double r2 = r * r;
    double ps = 1.58962301576546568060e-10;
    ps = ps * r2 - 2.50507477628578072866e-8;
    ps = ps * r2 + 2.75573136213857245213e-6;
    ps = ps * r2 - 1.98412698295895385996e-4;
    ps = ps * r2 + 8.33333333332211858878e-3;
    ps = ps * r2 - 1.66666666666666307295e-1;
    double sine = r + r * r2 * ps;
    double pc = -1.13585365213876817300e-11;
    pc = pc * r2 + 2.08757008419747316778e-9;
    pc = pc * r2 - 2.75573141792967388112e-7;
    pc = pc * r2 + 2.48015872888517045348e-5;
    pc = pc * r2 - 1.38888888888730564116e-3;
    pc = pc * r2 + 4.16666666666665929218e-2;
    double cosine = 1.0 - 0.5 * r2 + r2 * r2 * pc;
    double a = (q & 1) ? cosine : sine;
    double b = (q & 1) ? sine : cosine;
    *s = (q & 2) ? -a : a;
    *c = ((q + 1) & 2) ? -b : b;
}
