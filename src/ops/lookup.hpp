// lookup: every element replaced by what a table gives for it.
//
//   keys or string_keys      what elements are looked for: a rank-1 tensor of x's dtype, or strings for
//                            strings. Of equal keys the first counts; NaN is equal to NaN.
//   values or string_values  as many: what they become
//   otherwise                one element of the values' dtype for what is not in the table (string_otherwise
//                            for strings); where it is absent, ModelError
//
// Operand: x, any shape; an integer or float dtype, or strings. Result: x's shape, the values' dtype.
#pragma once

#include "ir/op.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tenon::op {

struct Lookup {
  static constexpr std::string_view kName = "lookup";

  std::optional<Tensor> keys{};
  std::vector<std::string> string_keys{};
  std::optional<Tensor> values{};
  std::vector<std::string> string_values{};
  std::optional<Tensor> otherwise{};
  std::optional<std::string> string_otherwise{};

  static constexpr auto fields() {
    return std::make_tuple(field("keys", &Lookup::keys), field("string_keys", &Lookup::string_keys),
                           field("values", &Lookup::values), field("string_values", &Lookup::string_values),
                           field("otherwise", &Lookup::otherwise),
                           field("string_otherwise", &Lookup::string_otherwise));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
