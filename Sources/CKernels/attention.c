#include "ck.h"
#include "ck_math.h"
#include <math.h>
#include <string.h>

CK_CLONES void ck_rotate(size_t rows, size_t stride, size_t heads, size_t size, const int32_t *position, const float *sine,
                         const float *cosine, float direction, float *x) {
    size_t half = size / 2;
    for (size_t r = 0; r < rows; r++) {
        const float *s = sine + (size_t)position[r] * half;
        const float *c = cosine + (size_t)position[r] * half;
        for (size_t h = 0; h < heads; h++) {
            float *lower = x + r * stride + h * size;
            float *upper = lower + half;
            for (size_t i = 0; i < half; i++) {
                float a = lower[i], b = upper[i], si = direction * s[i];
                lower[i] = a * c[i] - b * si;
                upper[i] = b * c[i] + a * si;
            }
        }
    }
}

// row[0..<n] becomes softmax(scale * row).
CK_INLINE void softmax_row(size_t n, float scale, float *row) {
#pragma clang fp reassociate(on)
    float top = row[0];
    for (size_t j = 1; j < n; j++) top = row[j] > top ? row[j] : top;
    float sum = 0;
    for (size_t j = 0; j < n; j++) {
        float e = ck_exp1(scale * (row[j] - top));
        row[j] = e;
        sum += e;
    }
    float inverse = 1.0f / sum;
    for (size_t j = 0; j < n; j++) row[j] *= inverse;
}

CK_INLINE void transpose(size_t length, size_t size, size_t stride, const float *x, float *out) {
    for (size_t j = 0; j < length; j++)
        for (size_t d = 0; d < size; d++) out[d * length + j] = x[j * stride + d];
}

// Numbers side by side that stay in registers while a sum runs. Each sum still has its own order: that of the loop.
typedef float v16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef float v8 __attribute__((vector_size(32), aligned(4), may_alias));

// y[d] += sum over j < n of w[j] * v[j * stride + d] for d < size.
CK_INLINE void mix(size_t n, size_t size, size_t stride, const float *w, const float *v, float *y) {
    size_t d = 0;
    for (; d + 64 <= size; d += 64) {
        v16 *out = (v16 *)(y + d);
        v16 a = out[0], b = out[1], c = out[2], e = out[3];
        for (size_t j = 0; j < n; j++) {
            const v16 *vj = (const v16 *)(v + j * stride + d);
            a += w[j] * vj[0];
            b += w[j] * vj[1];
            c += w[j] * vj[2];
            e += w[j] * vj[3];
        }
        out[0] = a, out[1] = b, out[2] = c, out[3] = e;
    }
    for (; d + 16 <= size; d += 16) {
        v16 a = *(const v16 *)(y + d);
        for (size_t j = 0; j < n; j++) a += w[j] * *(const v16 *)(v + j * stride + d);
        *(v16 *)(y + d) = a;
    }
    for (; d + 8 <= size; d += 8) {
        v8 a = *(const v8 *)(y + d);
        for (size_t j = 0; j < n; j++) a += w[j] * *(const v8 *)(v + j * stride + d);
        *(v8 *)(y + d) = a;
    }
    for (; d < size; d++) {
        float a = y[d];
        for (size_t j = 0; j < n; j++) a += w[j] * v[j * stride + d];
        y[d] = a;
    }
}

// The same for four rows of w (`wstride` apart) and y (`ystride` apart): v is read once for all.
CK_INLINE void mix4(size_t n, size_t size, size_t stride, const float *w, size_t wstride, const float *v, float *y,
                    size_t ystride) {
    size_t d = 0;
    for (; d + 16 <= size; d += 16) {
        v16 a = *(const v16 *)(y + d), b = *(const v16 *)(y + ystride + d);
        v16 c = *(const v16 *)(y + 2 * ystride + d), e = *(const v16 *)(y + 3 * ystride + d);
        for (size_t j = 0; j < n; j++) {
            v16 vj = *(const v16 *)(v + j * stride + d);
            a += w[j] * vj;
            b += w[wstride + j] * vj;
            c += w[2 * wstride + j] * vj;
            e += w[3 * wstride + j] * vj;
        }
        *(v16 *)(y + d) = a;
        *(v16 *)(y + ystride + d) = b;
        *(v16 *)(y + 2 * ystride + d) = c;
        *(v16 *)(y + 3 * ystride + d) = e;
    }
    if (d == size) return;
    for (size_t r = 0; r < 4; r++) mix(n, size - d, stride, w + r * wstride, v + d, y + r * ystride + d);
}

// Queries that are taken together.
#define CK_ROWS 4

CK_CLONES void ck_attention(size_t length, size_t size, size_t stride, const float *restrict q, const float *restrict k,
                            const float *restrict v, size_t ystride, float *restrict y, float *restrict p,
                            float *restrict scratch) {
    float scale = 1.0f / sqrtf((float)size);
    // Whole tiles of transposed keys; scores behind the last token are computed and left alone.
    size_t padded = (length + CK_TILE - 1) / CK_TILE * CK_TILE;
    float *rows = scratch + size * padded;
    for (size_t d = 0; d < size; d++) {
        float *kd = scratch + d * padded;
        for (size_t j = 0; j < length; j++) kd[j] = k[j * stride + d];
        for (size_t j = length; j < padded; j++) kd[j] = 0;
    }
    for (size_t start = 0; start < length; start += CK_ROWS) {
        size_t count = length - start < CK_ROWS ? length - start : CK_ROWS;
        const float *qs = q + start * stride;
        for (size_t j = 0; j < start + count; j += CK_TILE) {
            const float *kj = scratch + j;
            if (count == CK_ROWS) {
                v16 a = {0}, b = {0}, c = {0}, e = {0};
                for (size_t d = 0; d < size; d++) {
                    v16 kd = *(const v16 *)(kj + d * padded);
                    a += qs[d] * kd;
                    b += qs[stride + d] * kd;
                    c += qs[2 * stride + d] * kd;
                    e += qs[3 * stride + d] * kd;
                }
                *(v16 *)(rows + j) = a;
                *(v16 *)(rows + padded + j) = b;
                *(v16 *)(rows + 2 * padded + j) = c;
                *(v16 *)(rows + 3 * padded + j) = e;
            } else {
                for (size_t r = 0; r < count; r++) {
                    v16 a = {0};
                    for (size_t d = 0; d < size; d++) a += qs[r * stride + d] * *(const v16 *)(kj + d * padded);
                    *(v16 *)(rows + r * padded + j) = a;
                }
            }
        }
        float *ys = y + start * ystride;
        for (size_t r = 0; r < count; r++) {
            float *row = rows + r * padded;
            size_t n = start + r + 1;
            softmax_row(n, scale, row);
            if (p) {
                memcpy(p + (start + r) * length, row, n * sizeof(float));
                memset(p + (start + r) * length + n, 0, (length - n) * sizeof(float));
            }
            memset(ys + r * ystride, 0, size * sizeof(float));
        }
        // What all of them see, then the rest of each.
        size_t common = count == CK_ROWS ? start + 1 : 0;
        if (common) mix4(common, size, stride, rows, padded, v, ys, ystride);
        for (size_t r = 0; r < count; r++) {
            size_t own = start + r + 1 - common;
            mix(own, size, stride, rows + r * padded + common, v + common * stride, ys + r * ystride);
        }
    }
}

CK_CLONES void ck_attention_backward(size_t length, size_t size, size_t stride, const float *restrict q,
                                     const float *restrict k, const float *restrict v, size_t ystride,
                                     const float *restrict dy, const float *restrict p, float *restrict dq,
                                     float *restrict dk, float *restrict dv, float *restrict scratch) {
#pragma clang fp reassociate(on)
    float scale = 1.0f / sqrtf((float)size);
    float *vt = scratch;
    float *ds = scratch + size * length;
    transpose(length, size, stride, v, vt);
    for (size_t i = 0; i < length; i++) {
        const float *dyi = dy + i * ystride;
        const float *pi = p + i * length;
        for (size_t j = 0; j <= i; j++) ds[j] = 0;
        for (size_t d = 0; d < size; d++) {
            float value = dyi[d];
            const float *vd = vt + d * length;
            for (size_t j = 0; j <= i; j++) ds[j] += value * vd[j];
        }
        float dot = 0;
        for (size_t j = 0; j <= i; j++) dot += ds[j] * pi[j];
        for (size_t j = 0; j <= i; j++) ds[j] = pi[j] * (ds[j] - dot) * scale;
        const float *qi = q + i * stride;
        float *dqi = dq + i * stride;
        for (size_t j = 0; j <= i; j++) {
            float s = ds[j], weight = pi[j];
            const float *kj = k + j * stride;
            float *dkj = dk + j * stride;
            float *dvj = dv + j * stride;
            for (size_t d = 0; d < size; d++) {
                dqi[d] += s * kj[d];
                dkj[d] += s * qi[d];
                dvj[d] += weight * dyi[d];
            }
        }
    }
}

CK_CLONES void ck_attention_step(size_t rows, size_t heads, size_t size, size_t position, const float *restrict q,
                                 const float *restrict k, const float *restrict v, float *const *tiles, size_t offset,
                                 float *restrict y, float *restrict scratch) {
    float scale = 1.0f / sqrtf((float)size);
    size_t block = size * CK_TILE, length = position + 1;
    size_t count = (position + CK_TILE) / CK_TILE, place = position % CK_TILE;
    for (size_t r = 0; r < rows; r++) {
        float *const *of = tiles + r * count;
        for (size_t h = 0; h < heads; h++) {
            size_t keys = offset + h * block, values = offset + (heads + h) * block, at = (r * heads + h) * size;
            float *key = of[count - 1] + keys + place;
            // One store a cache line: scatters are slower.
#pragma clang loop vectorize(disable)
            for (size_t d = 0; d < size; d++) key[d * CK_TILE] = k[at + d];
            memcpy(of[count - 1] + values + place * size, v + at, size * sizeof(float));
            // Whole tiles: what lies behind the last token is computed and left alone.
            size_t t = 0;
            for (; t + 4 <= count; t += 4) {
                const float *first = of[t] + keys, *second = of[t + 1] + keys;
                const float *third = of[t + 2] + keys, *fourth = of[t + 3] + keys;
                v16 a = {0}, b = {0}, c = {0}, e = {0};
                for (size_t d = 0; d < size; d++) {
                    float value = q[at + d];
                    a += value * *(const v16 *)(first + d * CK_TILE);
                    b += value * *(const v16 *)(second + d * CK_TILE);
                    c += value * *(const v16 *)(third + d * CK_TILE);
                    e += value * *(const v16 *)(fourth + d * CK_TILE);
                }
                v16 *out = (v16 *)(scratch + t * CK_TILE);
                out[0] = a, out[1] = b, out[2] = c, out[3] = e;
            }
            for (; t + 2 <= count; t += 2) {
                const float *first = of[t] + keys, *second = of[t + 1] + keys;
                v16 a = {0}, b = {0};
                for (size_t d = 0; d < size; d++) {
                    a += q[at + d] * *(const v16 *)(first + d * CK_TILE);
                    b += q[at + d] * *(const v16 *)(second + d * CK_TILE);
                }
                v16 *out = (v16 *)(scratch + t * CK_TILE);
                out[0] = a, out[1] = b;
            }
            if (t < count) {
                const float *last = of[t] + keys;
                v16 a = {0};
                for (size_t d = 0; d < size; d++) a += q[at + d] * *(const v16 *)(last + d * CK_TILE);
                *(v16 *)(scratch + t * CK_TILE) = a;
            }
            softmax_row(length, scale, scratch);
            float *out = y + at;
            for (size_t d = 0; d < size; d++) out[d] = 0;
            for (t = 0; t < count; t++) {
                size_t n = t + 1 < count ? CK_TILE : place + 1;
                mix(n, size, size, scratch + t * CK_TILE, of[t] + values, out);
            }
        }
    }
}
