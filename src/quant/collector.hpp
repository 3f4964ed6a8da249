// Adds batches to a calibration table, tensor by tensor.
//
// What was counted waits for flush(). In the order-independent mode it waits in tallies, of which flush()
// makes the histograms of all tensors, those that follow from others included; a table that already holds
// counts keeps them.
#pragma once

#include "quant/followers.hpp"
#include "quant/tally.hpp"

#include <optional>

namespace tenon::quant {

class Collector {
 public:
  // `parts`: what each tensor of the table consists of (followers()), or empty: each is counted. The table
  // and the counter have to outlive this.
  Collector(CalibrationTable& table, std::vector<std::vector<Clamped>> parts, ValueCounter& counter);

  // Whether the tensor's values are needed; otherwise they follow from those of others.
  bool wants(std::size_t tensor) const { return parts_[tensor].front().tensor == tensor; }
  // False, with the tensor as it was, when a value is not finite.
  [[nodiscard]] bool add(std::size_t tensor, std::span<const float> values);
  // Brings the table up to date.
  void flush();

 private:
  CalibrationTable& table_;
  std::vector<std::vector<Clamped>> parts_;
  ValueCounter& counter_;
  std::vector<std::optional<Tally>> tallies_;  // by tensor, of those that are counted
  std::vector<WaitingCounts> waiting_;         // by tensor, in the faithful mode
};

}  // namespace tenon::quant
