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

// Counting, by whoever does it fastest. Results must not depend on threads.
class ValueCounter {
 public:
  virtual ~ValueCounter() = default;
  virtual Extremes extremes(std::span<const float> values) = 0;
  // Counts into bins min(floor(|x| * inverse_width), 2047), by sign; -0 counts as 0. The counts wait for
  // take() or drop(), one of which follows. Where a value is not finite they mean nothing.
  virtual Extremes count(std::span<const float> values, float inverse_width) = 0;
  virtual void take(TensorHistogram& histogram) = 0;  // adds them
  virtual void drop() = 0;
};

// The plain one.
class PlainCounter final : public ValueCounter {
 public:
  Extremes extremes(std::span<const float> values) override;
  Extremes count(std::span<const float> values, float inverse_width) override;
  void take(TensorHistogram& histogram) override;
  void drop() override { waiting_ = {}; }

 private:
  TensorHistogram waiting_;
};

// The weight of a new batch in the moving averages.
inline constexpr double kMovingAverageRate = 0.01;

// Adds the values of one batch. False, with the tensor as it was, when one of them is not finite.
[[nodiscard]] bool observe(CalibratedTensor& tensor, std::span<const float> values, CalibrationMode mode,
                           ValueCounter& counter);

// Merges bins pairwise until the width is `width`, a power of two times what it is. No width: sets it.
void widen(TensorHistogram& histogram, float width);

}  // namespace tenon::quant
