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

// The backward passes. `d...` is the derivative of the end result by what is named; weights of the network have none.

// The largest width of the gates below.
#define CK_LARGEST_WIDTH 1024

// dx = dy silu'(x)
void ck_silu_backward(size_t n, const float *x, const float *dy, float *dx);

// z = a[ia[r], :] + b[ib[r], :] + c[ic[r], :] (+ y[r, :] if `accumulate`); y = silu(z), slope = silu'(z).
// y, slope: [rows, width].
void ck_gather_silu(size_t rows, size_t width, int accumulate, const float *a, size_t lda, const int32_t *ia,
                    const float *b, size_t ldb, const int32_t *ib, const float *c, size_t ldc, const int32_t *ic,
                    float *y, float *slope);

// Of ck_gated: dx from dy. x, dx: [rows, 2 width]; dy: [rows, width]; width at most CK_LARGEST_WIDTH.
void ck_gated_backward(size_t rows, size_t width, const float *bias, const float *scale, const float *offset,
                       float epsilon, const float *x, const float *dy, float *dx);

// Of ck_gated followed by ck_scatter_weighted (with w and v rows of one table; iv NULL for w alone): dx from the
// derivative by the sums, dsum [*, width]; dw, the derivative by the table of weights, is added to.
void ck_message_backward(size_t rows, size_t width, const float *bias, const float *scale, const float *offset,
                         float epsilon, const float *x, const float *dsum, const int32_t *target, const float *factor,
                         const float *w, const int32_t *iw, const int32_t *iv, float *dw, float *dx);

// Of the sum of gathered rows: x[r, :] *= slope[r, :] (unless NULL), then it is added to row ia[r] of a, ib[r] of b,
// ic[r] of c. x: [rows, width]; a, b, c: [*, width], three different tables.
void ck_scatter_rows(size_t rows, size_t width, const float *slope, float *x, const int32_t *ia, float *a,
                     const int32_t *ib, float *b, const int32_t *ic, float *c);

// The largest number of frequencies of the bases below.
#define CK_LARGEST_BASIS 256

// Of linear layers y = basis w (and z = basis v, unless v is NULL) over ck_radial_basis: dd[r] += the derivative by d[r].
// w, v: [count, width]; dy, dz: [rows, width]. In double, because the terms are large and cancel.
void ck_radial_backward(size_t rows, size_t count, size_t width, double cutoff, int p, const double *frequency,
                        const double *d, const float *w, const float *dy, const float *v, const float *dz, double *dd);

// Of y = basis w over ck_fourier_basis: dtheta[r] += the derivative by theta[r]. w: [2 order + 1, width]; dy: [rows,
// width].
void ck_fourier_backward(size_t rows, size_t order, size_t width, const double *frequency, const double *theta,
                         const float *w, const float *dy, double *dtheta);

#ifdef __cplusplus
}
#endif
