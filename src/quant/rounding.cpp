#include "quant/rounding.hpp"

#include "base/check.hpp"
#include "quant/weights.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tenon::quant {
namespace {

constexpr double kDamping = 0.01;

// Σ a[i] b[i], in lanes that compilers turn into vectors.
float dot(const float* a, const float* b, std::size_t n) {
  constexpr std::size_t kLanes = 16;
  std::array<float, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  float sum = 0;
  for (; i < n; ++i) sum += a[i] * b[i];
  for (const float lane : sums) sum += lane;
  return sum;
}

}  // namespace

std::vector<float> factorize(const std::vector<float>& moments, std::int64_t n) {
  const auto size = static_cast<std::size_t>(n);
  TENON_CHECK(moments.size() == size * size, "{} moments of {} inputs", moments.size(), n);
  double trace = 0;
  for (std::size_t i = 0; i < size; ++i) trace += static_cast<double>(moments[i * size + i]);
  const auto damping = static_cast<float>(trace > 0 ? kDamping * trace / static_cast<double>(n) : 1);
  // Column by column from the last: R[i, j] needs what lies to the right of j in rows i and j.
  std::vector<float> r(size * size);
  for (std::size_t j = size; j-- > 0;) {
    const float* right_of_j = r.data() + j * size + j + 1;
    const std::size_t rest = size - j - 1;
    const float square = moments[j * size + j] + damping - dot(right_of_j, right_of_j, rest);
    const float pivot = std::sqrt(std::max(square, 1e-3F * damping));
    r[j * size + j] = pivot;
    for (std::size_t i = 0; i < j; ++i)
      r[i * size + j] = (moments[i * size + j] - dot(r.data() + i * size + j + 1, right_of_j, rest)) / pivot;
  }
  return r;
}

void round_rows(std::vector<float>& rows, const std::vector<float>& scales, std::int64_t n,
                const std::vector<float>& factor) {
  const auto size = static_cast<std::size_t>(n);
  TENON_CHECK(factor.size() == size * size && rows.size() == size * scales.size(), "{} weights of {} rows",
              rows.size(), scales.size());
  std::vector<float> columns(size * size);  // R by columns, so that what comes before k is contiguous
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t k = i; k < size; ++k) columns[k * size + i] = factor[i * size + k];
  }
  std::vector<float> errors(size);
  for (std::size_t row = 0; row < scales.size(); ++row) {
    float* w = rows.data() + row * size;
    const float* largest =
        std::max_element(w, w + size, [](float a, float b) { return std::abs(a) < std::abs(b); });
    const auto fixed = static_cast<std::size_t>(largest - w);
    for (std::size_t k = 0; k < size; ++k) {
      const float* column = columns.data() + k * size;
      const float wanted = k == fixed ? w[k] : w[k] + dot(column, errors.data(), k) / column[k];
      const float rounded = rounded_weight(wanted, scales[row]);
      errors[k] = w[k] - rounded;
      w[k] = rounded;
    }
  }
}

}  // namespace tenon::quant
