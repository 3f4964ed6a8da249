#include "backends/ref/steps/ref_steps.hpp"
#include "base/check.hpp"
#include "ops/registry.hpp"

#include <fmt/format.h>

namespace tenon::ref {
namespace {

// "op" is the operator, "=name" an attribute, "#name" the weight that holds a tensor attribute.
constexpr char kAttribute = '=';
constexpr char kTensor = '#';

}  // namespace

EncodedOp encode_op(const Op& op) {
  EncodedOp encoded;
  encoded.params.push_back({"op", std::string(op.name())});
  for (Attribute& attribute : op.attributes()) {
    if (const auto* tensor = std::get_if<Tensor>(&attribute.value)) {
      encoded.params.push_back({kTensor + attribute.name, static_cast<std::int64_t>(encoded.weights.size())});
      encoded.weights.push_back(*tensor);
    } else {
      encoded.params.push_back({kAttribute + attribute.name, std::move(attribute.value)});
    }
  }
  return encoded;
}

Op decode_op(const AttributeList& params, std::span<const Tensor> weights) {
  AttributeList attributes;
  for (const Attribute& param : params) {
    if (param.name.starts_with(kAttribute)) {
      attributes.push_back({param.name.substr(1), param.value});
    } else if (param.name.starts_with(kTensor)) {
      const auto* index = std::get_if<std::int64_t>(&param.value);
      TENON_REQUIRE(index != nullptr && *index >= 0 && static_cast<std::size_t>(*index) < weights.size(),
                    "step parameter '{}' names no weight", param.name);
      attributes.push_back({param.name.substr(1), weights[static_cast<std::size_t>(*index)]});
    }
  }
  return builtin_ops().make(string_param(params, "op"), attributes);
}

}  // namespace tenon::ref
