#include "ck.h"
#include "ck_graph.h"
#include "ck_math.h"
#include <math.h>

// sigmoid(x) and 1 - sigmoid(x), the latter without loss of digits where the former is near 1.
CK_INLINE void ck_sigmoids(float x, float *s, float *rest) {
    float e = ck_exp1(-x);
    *s = 1.0f / (1.0f + e);
    *rest = e * *s;
}

CK_CLONES void ck_silu_backward(size_t n, const float *x, const float *dy, float *dx) {
    for (size_t i = 0; i < n; i++) {
        float s, rest;
        ck_sigmoids(x[i], &s, &rest);
        dx[i] = dy[i] * s * (1.0f + x[i] * rest);
    }
}

CK_INLINE void ck_gather_silu_rows(size_t rows, size_t width, int accumulate, const float *a, size_t lda,
                                   const int32_t *ia, const float *b, size_t ldb, const int32_t *ib, const float *c,
                                   size_t ldc, const int32_t *ic, float *y, float *slope) {
    for (size_t r = 0; r < rows; r++) {
        const float *ar = a + (size_t)ia[r] * lda;
        const float *br = b + (size_t)ib[r] * ldb;
        const float *cr = c + (size_t)ic[r] * ldc;
        float *restrict yr = y + r * width;
        float *restrict sr = slope + r * width;
        for (size_t k = 0; k < width; k++) {
            float x = ar[k] + br[k] + cr[k];
            if (accumulate) x += yr[k];
            float s, rest;
            ck_sigmoids(x, &s, &rest);
            yr[k] = x * s;
            sr[k] = s * (1.0f + x * rest);
        }
    }
}

CK_CLONES void ck_gather_silu(size_t rows, size_t width, int accumulate, const float *a, size_t lda, const int32_t *ia,
                              const float *b, size_t ldb, const int32_t *ib, const float *c, size_t ldc,
                              const int32_t *ic, float *y, float *slope) {
    if (accumulate)
        ck_gather_silu_rows(rows, width, 1, a, lda, ia, b, ldb, ib, c, ldc, ic, y, slope);
    else
        ck_gather_silu_rows(rows, width, 0, a, lda, ia, b, ldb, ib, c, ldc, ic, y, slope);
}

CK_INLINE void ck_normal(size_t n, float epsilon, const float *x, const float *bias, float *mean, float *rstd) {
#pragma clang fp reassociate(on)
    float sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i] + bias[i];
    float m = sum / (float)n;
    float square = 0;
    for (size_t i = 0; i < n; i++) {
        float centred = x[i] + bias[i] - m;
        square += centred * centred;
    }
    *mean = m;
    *rstd = 1.0f / sqrtf(square / (float)n + epsilon);
}

// p holds dy scale; becomes rstd (p - mean(p) - normal mean(p normal)).
CK_INLINE void ck_normal_backward(size_t n, const float *restrict x, const float *restrict bias, float mean,
                                  float rstd, float *restrict p) {
#pragma clang fp reassociate(on)
    float a = 0, b = 0;
    for (size_t i = 0; i < n; i++) {
        a += p[i];
        b += p[i] * ((x[i] + bias[i] - mean) * rstd);
    }
    a /= (float)n;
    b /= (float)n;
    for (size_t i = 0; i < n; i++) p[i] = rstd * (p[i] - a - ((x[i] + bias[i] - mean) * rstd) * b);
}

// One row of the gate's backward pass: dx from dy. If `dw`, dy is first made of the message's gradient: y w (v) was the
// message, dm is its gradient times `factor`, and dw (dv) are added to.
CK_INLINE void ck_gated_backward_row(size_t width, int norm, int weighted, int twice, const float *bias,
                                     const float *scale, const float *offset, float epsilon, const float *x,
                                     const float *dy, float factor, const float *w, const float *v, float *dw,
                                     float *dv, float *restrict dx) {
    const float *core = x;
    const float *gate = x + width;
    float mean1 = 0, rstd1 = 1, mean2 = 0, rstd2 = 1;
    if (norm) {
        ck_normal(width, epsilon, core, bias, &mean1, &rstd1);
        ck_normal(width, epsilon, gate, bias + width, &mean2, &rstd2);
    }
    float products[CK_LARGEST_WIDTH];
    float *restrict product = products;
    for (size_t i = 0; i < width; i++) {
        float u = core[i] + bias[i];
        float g = gate[i] + bias[width + i];
        if (norm) {
            u = (u - mean1) * rstd1 * scale[i] + offset[i];
            g = (g - mean2) * rstd2 * scale[width + i] + offset[width + i];
        }
        float su, restu, sg, restg;
        ck_sigmoids(u, &su, &restu);
        ck_sigmoids(g, &sg, &restg);
        float d = dy[i];
        if (weighted) {
            d *= factor;
            product[i] = d * u * su * sg;
            d *= twice ? w[i] * v[i] : w[i];
        }
        float du = d * sg * su * (1.0f + u * restu);
        float dg = d * u * su * sg * restg;
        dx[i] = norm ? du * scale[i] : du;
        dx[width + i] = norm ? dg * scale[width + i] : dg;
    }
    if (weighted) {
        // One after the other: both may be one row.
        float *restrict first = dw;
        for (size_t i = 0; i < width; i++) first[i] += twice ? product[i] * v[i] : product[i];
        float *restrict second = dv;
        if (twice)
            for (size_t i = 0; i < width; i++) second[i] += product[i] * w[i];
    }
    if (norm) {
        ck_normal_backward(width, core, bias, mean1, rstd1, dx);
        ck_normal_backward(width, gate, bias + width, mean2, rstd2, dx + width);
    }
}

CK_CLONES void ck_gated_backward(size_t rows, size_t width, const float *bias, const float *scale, const float *offset,
                                 float epsilon, const float *x, const float *dy, float *dx) {
    for (size_t r = 0; r < rows; r++) {
        const float *xr = x + r * 2 * width;
        const float *dyr = dy + r * width;
        float *dxr = dx + r * 2 * width;
        if (scale && width == 64)
            ck_gated_backward_row(64, 1, 0, 0, bias, scale, offset, epsilon, xr, dyr, 1, 0, 0, 0, 0, dxr);
        else if (scale)
            ck_gated_backward_row(width, 1, 0, 0, bias, scale, offset, epsilon, xr, dyr, 1, 0, 0, 0, 0, dxr);
        else
            ck_gated_backward_row(width, 0, 0, 0, bias, scale, offset, epsilon, xr, dyr, 1, 0, 0, 0, 0, dxr);
    }
}

CK_INLINE void ck_message_backward_rows(size_t rows, size_t width, int norm, int twice, const float *bias,
                                        const float *scale, const float *offset, float epsilon, const float *x,
                                        const float *dsum, const int32_t *target, const float *factor, const float *w,
                                        const int32_t *iw, const int32_t *iv, float *dw, float *dx) {
    for (size_t r = 0; r < rows; r++) {
        size_t first = (size_t)iw[r] * width;
        size_t second = twice ? (size_t)iv[r] * width : 0;
        ck_gated_backward_row(width, norm, 1, twice, bias, scale, offset, epsilon, x + r * 2 * width,
                              dsum + (size_t)target[r] * width, factor[r], w + first, w + second, dw + first,
                              dw + second, dx + r * 2 * width);
    }
}

CK_CLONES void ck_message_backward(size_t rows, size_t width, const float *bias, const float *scale, const float *offset,
                                   float epsilon, const float *x, const float *dsum, const int32_t *target,
                                   const float *factor, const float *w, const int32_t *iw, const int32_t *iv, float *dw,
                                   float *dx) {
#define CK_ROWS(WIDTH, NORM, TWICE)                                                                                     \
    ck_message_backward_rows(rows, WIDTH, NORM, TWICE, bias, scale, offset, epsilon, x, dsum, target, factor, w, iw,   \
                             iv, dw, dx)
    if (scale && width == 64 && iv)
        CK_ROWS(64, 1, 1);
    else if (scale && width == 64)
        CK_ROWS(64, 1, 0);
    else if (scale && iv)
        CK_ROWS(width, 1, 1);
    else if (scale)
        CK_ROWS(width, 1, 0);
    else if (iv)
        CK_ROWS(width, 0, 1);
    else
        CK_ROWS(width, 0, 0);
#undef CK_ROWS
}

CK_CLONES void ck_scatter_rows(size_t rows, size_t width, const float *slope, float *x, const int32_t *ia, float *a,
                               const int32_t *ib, float *b, const int32_t *ic, float *c) {
    for (size_t r = 0; r < rows; r++) {
        float *restrict xr = x + r * width;
        float *restrict ar = a + (size_t)ia[r] * width;
        float *restrict br = b + (size_t)ib[r] * width;
        float *restrict cr = c + (size_t)ic[r] * width;
        if (slope) {
            const float *restrict sr = slope + r * width;
            for (size_t k = 0; k < width; k++) {
                float g = xr[k] * sr[k];
                xr[k] = g;
                ar[k] += g;
                br[k] += g;
                cr[k] += g;
            }
        } else {
            for (size_t k = 0; k < width; k++) {
                float g = xr[k];
                ar[k] += g;
                br[k] += g;
                cr[k] += g;
            }
        }
    }
}

// The sum over features of dy[f] times the sum over k of slope[k] w[k, f].
CK_INLINE double ck_along(size_t count, size_t width, const double *slope, const float *w, const float *dy) {
#pragma clang fp reassociate(on)
    double total = 0;
    for (size_t start = 0; start < width; start += 32) {
        double sum[32] = {0};
        size_t n = width - start < 32 ? width - start : 32;
        if (n == 32) {
            for (size_t k = 0; k < count; k++)
                for (size_t f = 0; f < 32; f++) sum[f] += slope[k] * (double)w[k * width + start + f];
        } else {
            for (size_t k = 0; k < count; k++)
                for (size_t f = 0; f < n; f++) sum[f] += slope[k] * (double)w[k * width + start + f];
        }
        for (size_t f = 0; f < n; f++) total += sum[f] * (double)dy[start + f];
    }
    return total;
}

CK_CLONES void ck_radial_backward(size_t rows, size_t count, size_t width, double cutoff, int p,
                                  const double *frequency, const double *d, const float *w, const float *dy,
                                  const float *v, const float *dz, double *dd) {
    const double order = p;
    for (size_t r = 0; r < rows; r++) {
        double x = d[r] / cutoff;
        if (!(x < 1.0)) continue;
        double power = 1.0;  // x^(p - 1)
        for (int i = 1; i < p; i++) power *= x;
        double full = p > 0 ? power * x : 1.0;  // x^p
        double envelope = 1.0 - 0.5 * (order + 1) * (order + 2) * full + order * (order + 2) * full * x
                          - 0.5 * order * (order + 1) * full * x * x;
        // -p (p + 1) (p + 2) / 2 x^(p-1) (1 - x)^2
        double slope = p > 0 ? -0.5 * order * (order + 1) * (order + 2) * power * (1.0 - x) * (1.0 - x) : 0.0;
        double factor = sqrt(2.0 / cutoff) / d[r];
        double sine = factor * (slope / cutoff - envelope / d[r]);
        double cosine = factor * envelope / cutoff;
        double slopes[CK_LARGEST_BASIS];
        for (size_t k = 0; k < count; k++) {
            double s, c;
            ck_sincos1(frequency[k] * x, &s, &c);
            slopes[k] = sine * s + cosine * (frequency[k] * c);
        }
        dd[r] += ck_along(count, width, slopes, w, dy + r * width);
        if (v) dd[r] += ck_along(count, width, slopes, v, dz + r * width);
    }
}

CK_CLONES void ck_fourier_backward(size_t rows, size_t order, size_t width, const double *frequency,
                                   const double *theta, const float *w, const float *dy, double *dtheta) {
    const double norm = 0.56418958354775628695;  // 1 / sqrt(pi)
    for (size_t r = 0; r < rows; r++) {
        double slopes[2 * CK_LARGEST_BASIS];
        for (size_t k = 0; k < order; k++) {
            double s, c;
            ck_sincos1(frequency[k] * theta[r], &s, &c);
            slopes[k] = norm * frequency[k] * c;
            slopes[order + k] = -norm * frequency[k] * s;
        }
        // The first basis function is constant.
        dtheta[r] += ck_along(2 * order, width, slopes, w + width, dy + r * width);
    }
}
