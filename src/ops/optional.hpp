// Optionals: a value that may be absent.
#pragma once

#include "ir/op.hpp"

#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

// optional(x?) → an optional holding x (tensor or sequence), or an empty one of element type `type`.
struct Optional {
  static constexpr std::string_view kName = "optional";

  std::optional<Type> type{};  // element type; needed without operand

  static constexpr auto fields() { return std::make_tuple(field("type", &Optional::type)); }
  std::vector<Inference> infer(InferContext& context) const;
};

// optional_get_element(x) → what the optional holds; ModelError at execution when empty. A tensor or sequence
// passes through.
struct OptionalGetElement {
  static constexpr std::string_view kName = "optional_get_element";

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

// optional_has_element(x?) → bool[]: whether there is an element. True for a tensor or sequence, false
// without operand.
struct OptionalHasElement {
  static constexpr std::string_view kName = "optional_has_element";

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
