// Adaptive rounding: a row of weights is rounded one by one, each such that it makes up for the errors of
// those before it, as far as the inputs go together.
//
// Source: E. Frantar, S. Ashkboos, T. Hoefler, D. Alistarh, "GPTQ: Accurate Post-Training Quantization for
// Generative Pre-trained Transformers", ICLR 2023. It is computed here as J. Chen, Y. Shabanzadeh, E.
// Crnčević, T. Hoefler, D. Alistarh show that it may be ("The Geometry of LLM Quantization: GPTQ as Babai's
// Nearest Plane Algorithm", 2025): H = R Rᵀ with R upper triangular, and weight k becomes the integer next to
//
//     (w[k] + Σ_{j<k} R[j, k] (w[j] - q[j]) / R[k, k]) / scale
//
// which keeps (w - q)ᵀ H (w - q), the squared error of the layer's results, small.
#pragma once

#include <cstdint>
#include <vector>

namespace tenon::quant {

// R of H + 0.01 · mean(diagonal) · 1, row by row; entries below the diagonal are 0. `moments` is symmetric,
// [n, n], Σ x xᵀ over the inputs x; what
// is below its diagonal is not read. Inputs that were never anything but 0 cost nothing.
std::vector<float> factorize(const std::vector<float>& moments, std::int64_t n);

// rows[r * n + i]: rounded to integers in ±127 times scales[r], by the factor R of their inputs. The first of
// the largest weights of a row goes to the nearest, whatever the others' errors, so that a scale which makes
// it 127 can be found again.
void round_rows(std::vector<float>& rows, const std::vector<float>& scales, std::int64_t n,
                const std::vector<float>& factor);

}  // namespace tenon::quant
