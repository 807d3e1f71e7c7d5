#include "ck_graph.h"
#include "ck.h"
#include "ck_math.h"
#include <math.h>

CK_CLONES void ck_radial_basis(size_t rows, size_t count, double cutoff, int p, const double *frequency, const double *d,
                               float *y) {
    const double order = p;
    for (size_t r = 0; r < rows; r++) {
        float *yr = y + r * count;
        double x = d[r] / cutoff;
        if (!(x < 1.0)) {
            for (size_t k = 0; k < count; k++) yr[k] = 0.0f;
            continue;
        }
        double power = 1.0;
        for (int i = 0; i < p; i++) power *= x;
        double envelope = 1.0 - 0.5 * (order + 1) * (order + 2) * power + order * (order + 2) * power * x
                          - 0.5 * order * (order + 1) * power * x * x;
        double factor = envelope * sqrt(2.0 / cutoff) / d[r];
        for (size_t k = 0; k < count; k++) {
            double s, c;
            ck_sincos1(frequency[k] * x, &s, &c);
            yr[k] = (float)(factor * s);
        }
    }
}

CK_CLONES void ck_fourier_basis(size_t rows, size_t order, const double *frequency, const double *theta, float *y) {
    const double norm = 0.56418958354775628695;      // 1 / sqrt(pi)
    const float constant = 0.39894228040143267794f;  // 1 / sqrt(2 pi)
    for (size_t r = 0; r < rows; r++) {
        float *sine = y + r * (2 * order + 1) + 1;
        float *cosine = sine + order;
        double t = theta[r];
        sine[-1] = constant;
        for (size_t k = 0; k < order; k++) {
            double s, c;
            ck_sincos1(frequency[k] * t, &s, &c);
            sine[k] = (float)(norm * s);
            cosine[k] = (float)(norm * c);
        }
    }
}

CK_INLINE void ck_gather_sum_rows(size_t rows, size_t width, int accumulate, int silu, const float *a, size_t lda,
                                  const int32_t *ia, const float *b, size_t ldb, const int32_t *ib, const float *c,
                                  size_t ldc, const int32_t *ic, float *y) {
    for (size_t r = 0; r < rows; r++) {
        const float *ar = a + (size_t)ia[r] * lda;
        const float *br = b + (size_t)ib[r] * ldb;
        const float *cr = c + (size_t)ic[r] * ldc;
        float *restrict yr = y + r * width;
        for (size_t k = 0; k < width; k++) {
            float x = ar[k] + br[k] + cr[k];
            if (accumulate) x += yr[k];
            yr[k] = silu ? x * ck_sigmoid1(x) : x;
        }
    }
}

CK_CLONES void ck_gather_sum(size_t rows, size_t width, int accumulate, int silu, const float *a, size_t lda,
                             const int32_t *ia, const float *b, size_t ldb, const int32_t *ib, const float *c, size_t ldc,
                             const int32_t *ic, float *y) {
    if (accumulate && silu)
        ck_gather_sum_rows(rows, width, 1, 1, a, lda, ia, b, ldb, ib, c, ldc, ic, y);
    else if (accumulate)
        ck_gather_sum_rows(rows, width, 1, 0, a, lda, ia, b, ldb, ib, c, ldc, ic, y);
    else if (silu)
        ck_gather_sum_rows(rows, width, 0, 1, a, lda, ia, b, ldb, ib, c, ldc, ic, y);
    else
        ck_gather_sum_rows(rows, width, 0, 0, a, lda, ia, b, ldb, ib, c, ldc, ic, y);
}

// Mean and reciprocal deviation of x + bias over n features.
CK_INLINE void ck_moments(size_t n, float epsilon, const float *x, const float *bias, float *mean, float *rstd) {
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

CK_INLINE void ck_gated_rows(size_t rows, size_t width, int norm, const float *bias, const float *scale,
                             const float *offset, float epsilon, const float *x, float *y) {
    for (size_t r = 0; r < rows; r++) {
        const float *core = x + r * 2 * width;
        const float *gate = core + width;
        float *restrict yr = y + r * width;
        float mean1 = 0, rstd1 = 1, mean2 = 0, rstd2 = 1;
        if (norm) {
            ck_moments(width, epsilon, core, bias, &mean1, &rstd1);
            ck_moments(width, epsilon, gate, bias + width, &mean2, &rstd2);
        }
        for (size_t i = 0; i < width; i++) {
            float u = core[i] + bias[i];
            float g = gate[i] + bias[width + i];
            if (norm) {
                u = (u - mean1) * rstd1 * scale[i] + offset[i];
                g = (g - mean2) * rstd2 * scale[width + i] + offset[width + i];
            }
            // silu(u) sigmoid(g) with one division.
            yr[i] = u / ((1.0f + ck_exp1(-u)) * (1.0f + ck_exp1(-g)));
        }
    }
}

CK_CLONES void ck_gated(size_t rows, size_t width, const float *bias, const float *scale, const float *offset, float epsilon,
                        const float *x, float *y) {
    if (scale && width == 64)
        ck_gated_rows(rows, 64, 1, bias, scale, offset, epsilon, x, y);
    else if (scale)
        ck_gated_rows(rows, width, 1, bias, scale, offset, epsilon, x, y);
    else
        ck_gated_rows(rows, width, 0, bias, scale, offset, epsilon, x, y);
}

CK_CLONES void ck_scatter_weighted(size_t rows, size_t width, const float *x, const float *factor, const float *w,
                                   const int32_t *iw, const float *v, const int32_t *iv, const int32_t *target,
                                   double *sum) {
    for (size_t r = 0; r < rows; r++) {
        const float *xr = x + r * width;
        const float *wr = w + (size_t)iw[r] * width;
        const double f = factor[r];
        double *restrict to = sum + (size_t)target[r] * width;
        if (v) {
            const float *vr = v + (size_t)iv[r] * width;
            for (size_t k = 0; k < width; k++) to[k] += f * (double)(xr[k] * wr[k] * vr[k]);
        } else {
            for (size_t k = 0; k < width; k++) to[k] += f * (double)(xr[k] * wr[k]);
        }
    }
}

CK_CLONES void ck_narrow(size_t n, const double *x, float *y) {
    for (size_t i = 0; i < n; i++) y[i] = (float)x[i];
}
