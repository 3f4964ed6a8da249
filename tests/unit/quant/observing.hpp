// Tables of one tensor, made of given batches.
#pragma once

#include "quant/tally.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tenon::quant::test {

using Batches = std::vector<std::vector<float>>;

inline constexpr auto kFaithful = CalibrationMode::faithful;
inline constexpr auto kFree = CalibrationMode::order_independent;

inline CalibratedTensor observed(const Batches& batches, CalibrationMode mode) {
  PlainCounter counter;
  CalibratedTensor tensor;
  tensor.name = "x";
  Tally tally;
  WaitingCounts waiting;
  for (const auto& batch : batches) {
    EXPECT_TRUE(mode == kFaithful ? observe_faithfully(tensor, batch, counter, waiting)
                                  : tally.add(batch, counter));
  }
  settle_faithfully(tensor, waiting);
  tally.pour(tensor, -kUnlimited, kUnlimited);
  return tensor;
}

inline CalibrationTable table_of(const Batches& batches, CalibrationMode mode) {
  CalibrationTable table;
  table.network = "a network";
  table.graph = std::string(32, '0');
  table.mode = mode;
  table.batches = batches.size();
  table.tensors.push_back(observed(batches, mode));
  return table;
}

inline TensorRange chosen(const Batches& batches, CalibrationMode mode, const std::string& rule) {
  CalibrationTable table = table_of(batches, mode);
  const CalibrationRule parsed = parse_calibration_rule(rule);
  choose_ranges(table, {&parsed, 1});
  return table.tensors[0].ranges.at(0);
}

}  // namespace tenon::quant::test
