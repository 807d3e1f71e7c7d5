// Loops of graph networks over atoms, bonds and angles: bases, gathers, gated activations, scatters.
// Arrays are row-major; rows are contiguous unless a stride (`ld...`, in elements) is named. No allocation, no global state;
// the order of every sum is fixed by the arguments.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// y[r, k] = env(d/c) sqrt(2/c) sin(frequency[k] d/c) / d, with the polynomial envelope of order p; 0 where d >= c.
// d: [rows] distances > 0; y: [rows, count].
void ck_radial_basis(size_t rows, size_t count, double cutoff, int p, const double *frequency, const double *d, float *y);

// y[r, :] = (1/sqrt 2, sin(m_1 t) .. sin(m_M t), cos(m_1 t) .. cos(m_M t)) / sqrt(pi) of the angle t = theta[r].
// frequency: [order]; y: [rows, 2 order + 1].
void ck_fourier_basis(size_t rows, size_t order, const double *frequency, const double *theta, float *y);

// y[r, :] (+)= a[ia[r], :] + b[ib[r], :] + c[ic[r], :]; `accumulate` adds to y, `silu` applies x sigmoid(x) to the result.
// y: [rows, width].
void ck_gather_sum(size_t rows, size_t width, int accumulate, int silu, const float *a, size_t lda, const int32_t *ia,
                   const float *b, size_t ldb, const int32_t *ib, const float *c, size_t ldc, const int32_t *ic, float *y);

// y[r, :] = silu(N(core)) * sigmoid(N(gate)), core = x[r, 0..<width] + bias[0..<width], gate = the second half likewise.
// N is a layer norm over `width` features with `scale` and `offset` ([2 width]; biased variance), or nothing if scale is NULL.
// x: [rows, 2 width]; y: [rows, width].
void ck_gated(size_t rows, size_t width, const float *bias, const float *scale, const float *offset, float epsilon,
              const float *x, float *y);

// sum[target[r], :] += factor[r] * x[r, :] * w[iw[r], :] (* v[iv[r], :], unless v is NULL), in order of r.
// x: [rows, width]; w, v: [*, width] float; sum: [*, width] double.
void ck_scatter_weighted(size_t rows, size_t width, const float *x, const float *factor, const float *w, const int32_t *iw,
                         const float *v, const int32_t *iv, const int32_t *target, double *sum);

// y[i] = x[i], rounded to float.
void ck_narrow(size_t n, const double *x, float *y);

#ifdef __cplusplus
}
#endif
