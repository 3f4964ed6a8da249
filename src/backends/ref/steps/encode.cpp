#include "backends/ref/steps/ref_steps.hpp"
#include "base/check.hpp"
#include "ops/registry.hpp"

#include <fmt/format.h>

namespace tenon::ref {
namespace {

// "op" is the operator, "=name" an attribute, "#name" the weight that holds a tensor attribute; of a tensor
// of strings, which no weight can hold, "$name" are the strings and "@name" is the shape.
constexpr char kAttribute = '=';
constexpr char kTensor = '#';
constexpr char kStrings = '$';
constexpr char kShape = '@';

}  // namespace

Tensor strings_param(const AttributeList& params, std::string_view shape, std::string_view values) {
  const AttributeValue* list = find(params, values);
  const auto* strings = list == nullptr ? nullptr : std::get_if<std::vector<std::string>>(list);
  TENON_REQUIRE(strings != nullptr, "step parameter '{}' is not a list of strings", values);
  return Tensor::strings(ints_param(params, shape), *strings);
}

EncodedOp encode_op(const Op& op) {
  EncodedOp encoded;
  encoded.params.push_back({"op", std::string(op.name())});
  for (Attribute& attribute : op.attributes()) {
    const auto* tensor = std::get_if<Tensor>(&attribute.value);
    if (tensor != nullptr && tensor->dtype() == DataType::string) {
      const auto values = tensor->values<std::string>();
      encoded.params.push_back({kShape + attribute.name, tensor->shape()});
      encoded.params.push_back(
          {kStrings + attribute.name, std::vector<std::string>(values.begin(), values.end())});
    } else if (tensor != nullptr) {
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
    } else if (param.name.starts_with(kStrings)) {
      const std::string name = param.name.substr(1);
      attributes.push_back({name, strings_param(params, kShape + name, param.name)});
    }
  }
  return builtin_ops().make(string_param(params, "op"), attributes);
}

}  // namespace tenon::ref
