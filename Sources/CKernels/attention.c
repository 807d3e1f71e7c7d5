#include "ck.h"
#include "ck_math.h"
#include <math.h>

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

CK_CLONES void ck_attention(size_t length, size_t size, size_t stride, const float *restrict q, const float *restrict k,
                            const float *restrict v, size_t ystride, float *restrict y, float *restrict p,
                            float *restrict scratch) {
    float scale = 1.0f / sqrtf((float)size);
    transpose(length, size, stride, k, scratch);
    for (size_t i = 0; i < length; i++) {
        float *row = p + i * length;
        const float *qi = q + i * stride;
        for (size_t j = 0; j < length; j++) row[j] = 0;
        for (size_t d = 0; d < size; d++) {
            float value = qi[d];
            const float *kd = scratch + d * length;
            for (size_t j = 0; j <= i; j++) row[j] += value * kd[j];
        }
        softmax_row(i + 1, scale, row);
        float *yi = y + i * ystride;
        for (size_t d = 0; d < size; d++) yi[d] = 0;
        for (size_t j = 0; j <= i; j++) {
            float weight = row[j];
            const float *vj = v + j * stride;
            for (size_t d = 0; d < size; d++) yi[d] += weight * vj[d];
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

CK_CLONES void ck_attention_query(size_t length, size_t size, size_t capacity, const float *restrict q,
                                  const float *restrict kcache, const float *restrict vcache, float *restrict y,
                                  float *restrict scratch) {
    float scale = 1.0f / sqrtf((float)size);
    for (size_t j = 0; j < length; j++) scratch[j] = 0;
    for (size_t d = 0; d < size; d++) {
        float value = q[d];
        const float *kd = kcache + d * capacity;
        for (size_t j = 0; j < length; j++) scratch[j] += value * kd[j];
    }
    softmax_row(length, scale, scratch);
    for (size_t d = 0; d < size; d++) y[d] = 0;
    for (size_t j = 0; j < length; j++) {
        float weight = scratch[j];
        const float *vj = vcache + j * size;
        for (size_t d = 0; d < size; d++) y[d] += weight * vj[d];
    }
}
