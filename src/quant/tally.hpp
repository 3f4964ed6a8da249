// What the values of one tensor add up to in the order-independent mode, finely enough that it also gives the
// counts of tensors that hold the same values, or these values clamped.
//
// Negative and positive values have bins of widths of their own, each the smallest 2^e that holds them. What
// clamping leaves may have a smaller range, and so narrower bins, than the positive values: with a `cap`
// these have the width that min(x, cap) needs, and those on which it has no bin are counted apart, `beyond`.
#pragma once

#include "quant/histogram.hpp"

namespace tenon::quant {

class Tally {
 public:
  // `cap` > 0: the upper end of a clamp that reads the tensor; infinity: none.
  explicit Tally(float cap = kUnlimited);

  // Adds the values of one batch. False, with the counts as they were, when one of them is not finite.
  [[nodiscard]] bool add(std::span<const float> values, ValueCounter& counter);

  // Adds the values as they are after clamping to [low, high] to what `tensor` holds, and `zeros` zeros for
  // each `per` of them. `low` is 0 or -infinity, `high` the cap or infinity.
  void pour(CalibratedTensor& tensor, float low, float high, std::uint64_t zeros = 0, std::uint64_t per = 1);

  // Forgets the counts; the widths stay.
  void clear();

 private:
  struct Part {
    float width = 0;  // 0: nothing but zeros so far
    std::vector<std::uint64_t> bins = std::vector<std::uint64_t>(TensorHistogram::kBins);

    void grow(float most);
    void add_to(std::vector<std::uint64_t>& sum, float sum_width) const;
  };

  void settle();
  BinScale scale() const;
  bool fit(const Extremes& seen) const;
  // The values for which there are no bins yet.
  std::vector<float> misfits(std::span<const float> values) const;
  void grow(const Extremes& seen);
  float limit() const;  // from where on values are beyond

  float cap_;
  std::uint64_t elements_ = 0;
  float min_ = 0;
  float max_ = 0;
  Part positive_;
  Part negative_;
  Part beyond_;  // without bins where there is no cap
  WaitingCounts waiting_;
};

}  // namespace tenon::quant
