#include "ck.h"
#include "ck_math.h"
#include <math.h>

// Input and output may be one array: without this, loops over one array are not vectorised.
#define CK_IN_PLACE _Pragma("clang loop vectorize(assume_safety)")

CK_CLONES void ck_exp(size_t n, const float *x, float *y) {
    CK_IN_PLACE
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
    CK_IN_PLACE
    for (size_t i = 0; i < n; i++) {
        float u = 0.7978845608028654f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);
        y[i] = 0.5f * x[i] * (1.0f + ck_tanh1(u));
    }
}

CK_CLONES void ck_gelu_backward(size_t n, const float *x, const float *dy, float *dx) {
    CK_IN_PLACE
    for (size_t i = 0; i < n; i++) {
        float x2 = x[i] * x[i];
        float t = ck_tanh1(0.7978845608028654f * (x[i] + 0.044715f * x2 * x[i]));
        float du = 0.7978845608028654f * (1.0f + 3.0f * 0.044715f * x2);
        dx[i] = dy[i] * (0.5f * (1.0f + t) + 0.5f * x[i] * (1.0f - t * t) * du);
    }
}

CK_CLONES void ck_silu(size_t n, const float *x, float *y) {
    CK_IN_PLACE
    for (size_t i = 0; i < n; i++) y[i] = x[i] * ck_sigmoid1(x[i]);
}

CK_CLONES void ck_sigmoid(size_t n, const float *x, float *y) {
    CK_IN_PLACE
    for (size_t i = 0; i < n; i++) y[i] = ck_sigmoid1(x[i]);
}

CK_CLONES void ck_shifted_softplus(size_t n, const float *x, float *y) {
    CK_IN_PLACE
    for (size_t i = 0; i < n; i++) y[i] = ck_softplus1(x[i]) - 0.69314718055994531f;
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

// Polynomials fitted (Chebyshev nodes, mpmath, 40 digits) below and above k = 5, relative errors below 2e-8. Above it
// k (1 - I1/I0) = 1/2 + 1 / (8 k) + ... is taken as a whole: it is all that is left of the derivative near the location,
// and the difference of two numbers near 1 would lose its digits.
CK_CLONES void ck_von_mises(size_t n, double x, const double *mu, const double *kappa, double *logp, double *dmu,
                            double *dkappa) {
    for (size_t i = 0; i < n; i++) {
        double k = kappa[i];
        double s, c;
        ck_sincos1(0.5 * (x - mu[i]), &s, &c);
        double cosm1 = -2.0 * s * s;
        double sine = 2.0 * s * c;
        double ks = k < 5.0 ? k : 5.0;
        double t = ks * 0.2;
        t = t * t;
        double i0 = 1.0000000011153735 + t * (6.2499998193759357 + t * (9.7656298076524606 + t * (
                    6.78163484524838 + t * (2.6493468027816272 + t * (0.66155387241647352 + t * (
                    0.11618227853761652 + t * (0.013504213152635122 + t * (0.0020201821386704362))))))));
        double i1 = ks * (0.49999999679787097 + t * (1.5625004096609252 + t * (1.6275955864158704 + t * (
                    0.84777879478054665 + t * (0.26464353546509362 + t * (0.055748958792682822 + t * (
                    0.0075678601504873534 + t * (0.0012932830007749179))))))));
        double kl = k < 5.0 ? 5.0 : k;
        double u = 5.0 / kl;
        double j0 = 0.39894228044224605 + u * (0.0099735526919727986 + u * (
                    0.0011218340114683281 + u * (0.00024119230389251104 + u * (
                    -3.8475741499746989e-6 + u * (0.00036326728087142464 + u * (
                    -0.00071244237033108789 + u * (0.00076085415784545335 + u * (
                    -0.00027696195024631747))))))));
        double gap = 0.5 + u * (0.025 + u * (0.0050000007465099456 + u * (0.0015622766872868386 + u * (
                    0.00066262239633166785 + u * (3.5909036531403435e-5 + u * (
                    0.0039002548469684447 + u * (-0.025908592941137332 + u * (
                    0.11051271490367705 + u * (-0.28674984240094175 + u * (0.45418293713735746 + u * (
                    -0.42043178357194538 + u * (0.20746144269030253 + u * (
                    -0.04214363538826963)))))))))))));
        double small = k < 5.0;
        double rest = small ? 1.0 - i1 / i0 : gap / kl;
        // log I0e: log(I0) - k for small k, log(j0) - log(k)/2 for large.
        double logi0e = log(small ? i0 : j0) - (small ? ks : 0.5 * log(kl));
        logp[i] = -1.8378770664093453 - logi0e + k * cosm1;
        dmu[i] = k * sine;
        dkappa[i] = cosm1 + rest;
    }
}
