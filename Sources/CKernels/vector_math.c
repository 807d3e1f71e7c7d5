#include "ck.h"
#include "ck_math.h"
#include <math.h>

CK_CLONES void ck_exp(size_t n, const float *x, float *y) {
    for (size_t i = 0; i < n; i++) y[i] = ck_exp1(x[i]);
}

CK_CLONES void ck_axpy(size_t n, float a, const float *x, float *y) {
    for (size_t i = 0; i < n; i++) y[i] += a * x[i];
}

CK_CLONES void ck_scale(size_t n, float a, float *x) {
    for (size_t i = 0; i < n; i++) x[i] *= a;
}

CK_CLONES void ck_add(size_t n, const float *x, float *y) {
    for (size_t i = 0; i < n; i++) y[i] += x[i];
}

CK_CLONES double ck_sum_of_squares(size_t n, const float *x) {
#pragma clang fp reassociate(on)
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sum;
}

CK_CLONES void ck_add_bias(size_t rows, size_t columns, const float *b, float *y) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) y[r * columns + c] += b[c];
}

CK_CLONES void ck_sum_rows(size_t rows, size_t columns, const float *y, float *b) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) b[c] += y[r * columns + c];
}

CK_CLONES void ck_gelu(size_t n, const float *x, float *y) {
    for (size_t i = 0; i < n; i++) {
        float u = 0.7978845608028654f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);
        y[i] = 0.5f * x[i] * (1.0f + ck_tanh1(u));
    }
}

CK_CLONES void ck_gelu_backward(size_t n, const float *x, const float *dy, float *dx) {
    for (size_t i = 0; i < n; i++) {
        float x2 = x[i] * x[i];
        float t = ck_tanh1(0.7978845608028654f * (x[i] + 0.044715f * x2 * x[i]));
        float du = 0.7978845608028654f * (1.0f + 3.0f * 0.044715f * x2);
        dx[i] = dy[i] * (0.5f * (1.0f + t) + 0.5f * x[i] * (1.0f - t * t) * du);
    }
}

CK_CLONES void ck_silu(size_t n, const float *x, float *y) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] * ck_sigmoid1(x[i]);
}

CK_CLONES void ck_sigmoid(size_t n, const float *x, float *y) {
    for (size_t i = 0; i < n; i++) y[i] = ck_sigmoid1(x[i]);
}

CK_CLONES void ck_layer_norm(size_t rows, size_t n, float epsilon, const float *x, const float *scale, const float *offset,
                             float *y, float *mean, float *rstd) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++) {
        const float *xr = x + r * n;
        float *yr = y + r * n;
        float sum = 0;
        for (size_t i = 0; i < n; i++) sum += xr[i];
        float m = sum / (float)n;
        float square = 0;
        for (size_t i = 0; i < n; i++) square += (xr[i] - m) * (xr[i] - m);
        float s = 1.0f / sqrtf(square / (float)n + epsilon);
        for (size_t i = 0; i < n; i++) yr[i] = (xr[i] - m) * s * scale[i] + offset[i];
        mean[r] = m;
        rstd[r] = s;
    }
}

CK_CLONES void ck_layer_norm_backward(size_t rows, size_t n, const float *x, const float *scale, const float *mean,
                                      const float *rstd, const float *dy, float *dx, float *dscale, float *doffset) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++) {
        const float *xr = x + r * n;
        const float *dyr = dy + r * n;
        float *dxr = dx + r * n;
        float m = mean[r], s = rstd[r];
        float a = 0, b = 0;
        for (size_t i = 0; i < n; i++) {
            float normal = (xr[i] - m) * s;
            float g = dyr[i] * scale[i];
            a += g;
            b += g * normal;
        }
        a /= (float)n;
        b /= (float)n;
        for (size_t i = 0; i < n; i++) {
            float normal = (xr[i] - m) * s;
            dxr[i] += s * (dyr[i] * scale[i] - a - normal * b);
            dscale[i] += dyr[i] * normal;
            doffset[i] += dyr[i];
        }
    }
}

CK_CLONES void ck_log_softmax(size_t rows, size_t n, size_t stride, const float *x, float *y) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++) {
        const float *xr = x + r * stride;
        float *yr = y + r * stride;
        float top = xr[0];
        for (size_t i = 1; i < n; i++) top = xr[i] > top ? xr[i] : top;
        float sum = 0;
        for (size_t i = 0; i < n; i++) sum += ck_exp1(xr[i] - top);
        float z = top + logf(sum);
        for (size_t i = 0; i < n; i++) yr[i] = xr[i] - z;
    }
}

CK_CLONES void ck_adam(size_t n, const float *g, float gscale, float *m, float *v, float *x, float b1, float b2,
                       float correction1, float correction2, float epsilon, float rate, float decay) {
    for (size_t i = 0; i < n; i++) {
        float gi = g[i] * gscale;
        m[i] = b1 * m[i] + (1.0f - b1) * gi;
        v[i] = b2 * v[i] + (1.0f - b2) * gi * gi;
        float step = (m[i] * correction1) / (sqrtf(v[i] * correction2) + epsilon);
        x[i] -= rate * (step + decay * x[i]);
    }
}

// I0e and I1/I0 after Abramowitz and Stegun 9.8.1 - 9.8.4 (relative error below 2e-7).
CK_CLONES void ck_von_mises(size_t n, double x, const double *mu, const double *kappa, double *logp, double *dmu,
                            double *dkappa) {
    for (size_t i = 0; i < n; i++) {
        double k = kappa[i];
        double s, c;
        ck_sincos1(0.5 * (x - mu[i]), &s, &c);
        double cosm1 = -2.0 * s * s;
        double sine = 2.0 * s * c;
        double ks = k < 3.75 ? k : 3.75;
        double t = ks * (1.0 / 3.75);
        t = t * t;
        double i0 = 1.0 + t * (3.5156229 + t * (3.0899424 + t * (1.2067492 + t * (0.2659732 + t * (0.0360768 + t * 0.0045813)))));
        double i1 = ks * (0.5 + t * (0.87890594 + t * (0.51498869 + t * (0.15084934 + t * (0.02658733 + t * (0.00301532 + t * 0.00032411))))));
        double kl = k < 3.75 ? 3.75 : k;
        double u = 3.75 / kl;
        double j0 = 0.39894228 + u * (0.01328592 + u * (0.00225319 + u * (-0.00157565 + u * (0.00916281 + u * (-0.02057706 + u * (0.02635537 + u * (-0.01647633 + u * 0.00392377)))))));
        double j1 = 0.39894228 + u * (-0.03988024 + u * (-0.00362018 + u * (0.00163801 + u * (-0.01031555 + u * (0.02282967 + u * (-0.02895312 + u * (0.01787654 - u * 0.00420059)))))));
        double small = k < 3.75;
        double ratio = small ? i1 / i0 : j1 / j0;
        // log I0e: log(I0) - k for small k, log(j0) - log(k)/2 for large.
        double logi0e = log(small ? i0 : j0) - (small ? ks : 0.5 * log(kl));
        logp[i] = -1.8378770664093453 - logi0e + k * cosm1;
        dmu[i] = k * sine;
        dkappa[i] = 1.0 + cosm1 - ratio;
    }
}
