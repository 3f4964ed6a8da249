// How the values of one tensor become counts, batch by batch.
//
// Bin = floor(|x| · (1 / width)), in float. Which width, depends on the mode:
//   order_independent  the smallest 2^e with max |x| < 2048 · 2^e (tally.hpp). Growing merges bins pairwise,
//                      which is exact, so the counts depend on what was seen and not on its order.
//   faithful           max |x| of the first batch that is not all zeros, over 2048; doubled until
//                      max |x| <= 2048 · width. An element on the upper end counts in the last bin.
#pragma once

#include <tenon/calibration_table.hpp>

#include <cstdint>
#include <limits>
#include <span>

namespace tenon::quant {

inline constexpr float kUnlimited = std::numeric_limits<float>::infinity();

struct Extremes {
  float min = 0;  // of the finite values; 0 for none
  float max = 0;
  bool finite = true;  // no NaN, no infinity
};

// The inverse widths by which |x| becomes a bin: of x < 0, of 0 <= x < limit, and of what lies beyond. Each
// of the three has bins of its own.
struct BinScale {
  float negative = 1;
  float positive = 1;
  float beyond = 1;
  float limit = kUnlimited;
};

// Of one tensor, kBins each: for x < 0, last bin first, for x >= 0 and for what lies beyond. So the bins of
// small values are neighbours.
inline constexpr std::size_t kCounters = 3 * TensorHistogram::kBins;

// Where the value counts that lies in this bin of its part.
constexpr std::size_t counter_of(std::size_t bin, bool negative, bool beyond) {
  return negative ? TensorHistogram::kBins - 1 - bin : (beyond ? 2 : 1) * TensorHistogram::kBins + bin;
}

// Counts of 32 bits, which wrap: each the sum of what its counter of 16 bits has and of what was moved out of
// that before it could overflow.
struct Counts {
  std::vector<std::uint16_t> counters = std::vector<std::uint16_t>(kCounters);
  std::vector<std::uint32_t> moved = std::vector<std::uint32_t>(kCounters);
  std::uint32_t most = 0;  // no counter exceeds it

  std::uint32_t operator[](std::size_t i) const { return moved[i] + counters[i]; }
  void clear();
};

// Counting, by whoever does it fastest. Results must not depend on threads.
class ValueCounter {
 public:
  virtual ~ValueCounter() = default;
  virtual Extremes extremes(std::span<const float> values) = 0;
  // Of bin min(floor(|x| * inverse width), 2047); -0 counts as 0. What a value counts that is not finite is
  // the same at each call.
  virtual Extremes count(std::span<const float> values, const BinScale& scale, Counts& counts) = 0;
};

// The plain one.
class PlainCounter final : public ValueCounter {
 public:
  Extremes extremes(std::span<const float> values) override;
  Extremes count(std::span<const float> values, const BinScale& scale, Counts& counts) override;
};

// Counts of one tensor that are not in its bins yet.
class WaitingCounts {
 public:
  // What is not finite counts too: remove() then.
  Extremes add(std::span<const float> values, const BinScale& scale, ValueCounter& counter);
  // Takes back what add() counted last, of the same values and scale.
  void remove(std::span<const float> values, const BinScale& scale, ValueCounter& counter);
  // Whether as many values may be added: none counts in more than 32 bits.
  bool takes(std::size_t values) const;
  // Moves them to the bins, kBins each; `beyond` may be empty when there was no limit.
  void settle(std::span<std::uint64_t> positive, std::span<std::uint64_t> negative,
              std::span<std::uint64_t> beyond);

 private:
  Counts counts_;
  std::uint64_t waiting_ = 0;
};

// The weight of a new batch in the moving averages.
inline constexpr double kMovingAverageRate = 0.01;

// Whether bins of that width hold `most`, the largest |x|.
bool fits(float most, float width, CalibrationMode mode);

// The width that takes `most` in, which is not 0; `width` is what it was so far, 0 at first.
float grown_width(float most, float width, CalibrationMode mode);

// Merges bins pairwise until the width is `width`, a power of two times what it is. No width: sets it.
void widen(TensorHistogram& histogram, float width);

// Extremes and the number of elements, of one more batch or shard. A zero has no sign here.
void note_extremes(CalibratedTensor& tensor, float min, float max, std::uint64_t elements);

// Adds the values of one batch in the faithful mode; their counts may be left `waiting`. False, with the
// tensor as it was, when one of them is not finite.
[[nodiscard]] bool observe_faithfully(CalibratedTensor& tensor, std::span<const float> values,
                                      ValueCounter& counter, WaitingCounts& waiting);
// Moves them to the tensor's bins.
void settle_faithfully(CalibratedTensor& tensor, WaitingCounts& waiting);

}  // namespace tenon::quant
