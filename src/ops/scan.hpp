// scan(state…, sequence…) → (state…, stacked…): runs region 0 once per step of the scanned axes.
//
//   num_scan_inputs         how many trailing operands are scanned (M ≥ 1); the others are states
//   scan_input_axes         M axes, in [-rank, rank); empty: all 0
//   scan_input_directions   M entries, 1 walks backwards; empty: all 0
//   scan_output_axes        where the steps of each stacked output go; empty: all 0
//   scan_output_directions  1 stores the first step last; empty: all 0
//   region 0                parameters: state…, one slice (without the scanned axis) of each sequence;
//                           results: state…, scanned…
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Scan {
  static constexpr std::string_view kName = "scan";
  static constexpr OpTraits kTraits{.has_regions = true};

  std::int64_t num_scan_inputs = 1;
  std::vector<std::int64_t> scan_input_axes{};
  std::vector<std::int64_t> scan_input_directions{};
  std::vector<std::int64_t> scan_output_axes{};
  std::vector<std::int64_t> scan_output_directions{};

  static constexpr auto fields() {
    return std::make_tuple(field("num_scan_inputs", &Scan::num_scan_inputs),
                           field("scan_input_axes", &Scan::scan_input_axes),
                           field("scan_input_directions", &Scan::scan_input_directions),
                           field("scan_output_axes", &Scan::scan_output_axes),
                           field("scan_output_directions", &Scan::scan_output_directions));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
