// What the steps and tactics of scaled_conv_integer and scaled_matmul_integer share.
#pragma once

#include "backends/cpu/steps/quantized_conv_forms.hpp"
#include "ops/scaled_integer.hpp"

#include <string_view>
#include <type_traits>

namespace tenon::cpu {

inline constexpr std::string_view kScaledMatMul = "cpu.scaled_matmul_integer";

template <class Form>
constexpr std::string_view scaled_conv_kind() {
  if constexpr (std::is_same_v<Form, QuantizedConvDepthwise>) {
    return "cpu.scaled_conv_integer_depthwise";
  } else {
    return Form::kPlainInput ? "cpu.scaled_conv_integer_planar" : "cpu.scaled_conv_integer";
  }
}

}  // namespace tenon::cpu
