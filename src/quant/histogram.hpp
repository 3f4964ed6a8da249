// How the values of one tensor become counts, batch by batch.
//
// A batch is first looked at for its extremes, then counted into bins of the width that holds all of them:
//   order_independent  the smallest width 2^e with max |x| < 2048 · 2^e. Growing merges bins pairwise, which
//                      is exact, so the counts depend on what was seen and not on its order.
//   faithful           max |x| of the first batch that is not all zeros, over 2048; doubled until
//                      max |x| <= 2048 · width. An element on the upper end counts in the last bin.
// Bin = floor(|x| · (1 / width)), in float.
#pragma once

#include <tenon/calibration_table.hpp>

#include <span>

namespace tenon::quant {

struct Extremes {
  float min = 0;  // of the finite values; 0 for none
  float max = 0;
  bool finite = true;  // no NaN, no infinity
};

// Counting, by whoever does it fastest. Both look at all values; the result must not depend on threads.
class ValueCounter {
 public:
  virtual ~ValueCounter() = default;
  virtual Extremes extremes(std::span<const float> values) = 0;
  // Adds to the bins of TensorHistogram: min(floor(|x| * inverse_width), 2047), by sign; -0 counts as 0.
  // Where a value is not finite the counts mean nothing.
  virtual Extremes count(std::span<const float> values, float inverse_width,
                         std::span<std::uint64_t> negative, std::span<std::uint64_t> positive) = 0;
};

// The plain one.
class PlainCounter final : public ValueCounter {
 public:
  Extremes extremes(std::span<const float> values) override;
  Extremes count(std::span<const float> values, float inverse_width, std::span<std::uint64_t> negative,
                 std::span<std::uint64_t> positive) override;
};

// The weight of a new batch in the moving averages.
inline constexpr double kMovingAverageRate = 0.01;

// Adds the values of one batch. False, with the tensor as it was, when one of them is not finite.
[[nodiscard]] bool observe(CalibratedTensor& tensor, std::span<const float> values, CalibrationMode mode,
                           ValueCounter& counter);

// Merges bins pairwise until the width is `width`, a power of two times what it is. No width: sets it.
void widen(TensorHistogram& histogram, float width);

}  // namespace tenon::quant
