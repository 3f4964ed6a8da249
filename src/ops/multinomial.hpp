// multinomial(logits [B, classes]) → [B, sample_size]: class indices drawn with probability softmax(logits)
// per row.
//
//   dtype   of the result: i32 or i64
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Multinomial {
  static constexpr std::string_view kName = "multinomial";
  static constexpr OpTraits kTraits{.deterministic = false};

  DataType dtype = DataType::i32;
  std::int64_t sample_size = 1;
  std::optional<float> seed{};  // absent: a fresh one at each execution

  static constexpr auto fields() {
    return std::make_tuple(field("dtype", &Multinomial::dtype),
                           field("sample_size", &Multinomial::sample_size),
                           field("seed", &Multinomial::seed));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
