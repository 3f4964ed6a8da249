// constant_of_shape(shape) → a tensor of that shape (i64[k]) filled with `value`.
//
//   value   one element, of any dtype and any shape of one element
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct ConstantOfShape {
  static constexpr std::string_view kName = "constant_of_shape";

  Tensor value = Tensor(DataType::f32, {});  // f32 0

  static constexpr auto fields() { return std::make_tuple(field("value", &ConstantOfShape::value)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
