// Element-wise and row-wise loops for the networks. All arrays are float32, row-major, contiguous unless a stride is named.
// Attention: outputs and scratch overlap nothing. Every function is pure: no allocation, no global state; sums have an order fixed by the code, not by the caller's threads.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// One definition is compiled for several instruction sets; the loader picks the best for this CPU.
#if defined(__x86_64__) && defined(__linux__)
#define CK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_CLONES
#endif

// y[i] = exp(x[i]); relative error below 3e-7 in [-87, 88], 0 below, exp(88) above.
void ck_exp(size_t n, const float *x, float *y);
// y[i] = a * x[i] + y[i]
void ck_axpy(size_t n, float a, const float *x, float *y);
// x[i] *= a
void ck_scale(size_t n, float a, float *x);
// y[i] += x[i]
void ck_add(size_t n, const float *x, float *y);
// The sum of squares, in double.
double ck_sum_of_squares(size_t n, const float *x);

// y[r, :] += b for each row.
void ck_add_bias(size_t rows, size_t columns, const float *b, float *y);
// b[c] += sum over rows of y[r, c]
void ck_sum_rows(size_t rows, size_t columns, const float *y, float *b);

// GELU, tanh approximation: y = 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
void ck_gelu(size_t n, const float *x, float *y);
// dx = dy * gelu'(x); dx may be dy.
void ck_gelu_backward(size_t n, const float *x, const float *dy, float *dx);

// y = x * sigmoid(x)
void ck_silu(size_t n, const float *x, float *y);
// y = sigmoid(x)
void ck_sigmoid(size_t n, const float *x, float *y);
// y = ln(1 + exp(x)) - ln 2; error below 2e-7 of max(1, |y|).
void ck_shifted_softplus(size_t n, const float *x, float *y);

// Rows of width n: y = (x - mean) * rstd * scale + offset, biased variance; mean and rstd are kept for the way back.
void ck_layer_norm(size_t rows, size_t n, float epsilon, const float *x, const float *scale, const float *offset, float *y,
                   float *mean, float *rstd);
// dx += the gradient of the above; dscale and doffset are added to.
void ck_layer_norm_backward(size_t rows, size_t n, const float *x, const float *scale, const float *mean, const float *rstd,
                            const float *dy, float *dx, float *dscale, float *doffset);

// y[r, 0..<n] = x[r, 0..<n] - logsumexp(x[r, 0..<n]); rows are `stride` apart in both.
void ck_log_softmax(size_t rows, size_t n, size_t stride, const float *x, float *y);

// Rotary embedding in place ("rotate half"): rows of `heads` vectors of `size`; row r uses row position[r] of sine and cosine
// (each [*, size/2]). `direction` +1 rotates, -1 rotates back (the gradient).
void ck_rotate(size_t rows, size_t stride, size_t heads, size_t size, const int32_t *position, const float *sine,
               const float *cosine, float direction, float *x);

// Cached keys and values lie in tiles of CK_TILE tokens: keys [heads, size, CK_TILE], then values [heads, CK_TILE, size].
#define CK_TILE 16
// Causal attention of one sequence and one head. q, k, v: [length, size], rows `stride` apart; y: rows `ystride` apart;
// p: [length, length] softmax weights (lower triangle; the rest is 0), or null if nobody needs them; scratch: (size + 4)
// floats for each token, their number rounded up to whole tiles.
void ck_attention(size_t length, size_t size, size_t stride, const float *q, const float *k, const float *v,
                  size_t ystride, float *y, float *p, float *scratch);
// dq, dk, dv (rows `stride` apart) are added to. scratch: (2 * size + 1) * length floats.
void ck_attention_backward(size_t length, size_t size, size_t stride, const float *q, const float *k, const float *v,
                           size_t ystride, const float *dy, const float *p, float *dq, float *dk, float *dv,
                           float *scratch);
// Token number `position` of each of `rows` sequences: its key and value go into the sequence's last tile, and its query
// attends to all tokens so far. q, k, v, y: [rows, heads, size]. tiles: for each row its position / CK_TILE + 1 tiles,
// which begin `offset` floats behind the pointer. scratch: the tokens so far, rounded up to whole tiles. A tile's floats
// behind its tokens may hold anything.
void ck_attention_step(size_t rows, size_t heads, size_t size, size_t position, const float *q, const float *k,
                       const float *v, float *const *tiles, size_t offset, float *y, float *scratch);

// von Mises mixtures: for each of n components d = x - mu; logp = -log(2 pi I0e(kappa)) + kappa (cos d - 1), the density per radian;
// dmu = d logp / d mu, dkappa = d logp / d kappa. Doubles throughout.
void ck_von_mises(size_t n, double x, const double *mu, const double *kappa, double *logp, double *dmu, double *dkappa);

// Adam with decoupled weight decay. gscale multiplies the gradient (clipping, mean).
void ck_adam(size_t n, const float *g, float gscale, float *m, float *v, float *x, float b1, float b2, float correction1,
             float correction2, float epsilon, float rate, float decay);

#ifdef __cplusplus
}
#endif
