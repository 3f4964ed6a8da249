// What the steps and tactics of scaled_conv_integer share.
#pragma once

#include "backends/cpu/steps/matrices.hpp"
#include "backends/cpu/steps/quantized_conv_forms.hpp"
#include "ops/scaled_integer.hpp"

#include <string_view>
#include <type_traits>

namespace tenon::cpu {

template <class Form>
constexpr std::string_view scaled_conv_kind() {
  if constexpr (std::is_same_v<Form, QuantizedConvDepthwise>) {
    return "cpu.scaled_conv_integer_depthwise";
  } else if constexpr (kByMatrices<Form>) {
    return Form::kPlainInput ? "cpu.scaled_conv_integer_matrix_planar" : "cpu.scaled_conv_integer_matrix";
  } else {
    return Form::kPlainInput ? "cpu.scaled_conv_integer_planar" : "cpu.scaled_conv_integer";
  }
}

}  // namespace tenon::cpu
