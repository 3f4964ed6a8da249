#include "importers/onnx/node_context.hpp"

#include "base/half.hpp"
#include "importers/onnx/importer.hpp"
#include "importers/onnx/types.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace tenon::onnx {
namespace {

using AttributeKind = AttributeDef::Kind;

std::string_view kind_name(AttributeKind kind) {
  switch (kind) {
    case AttributeKind::float_: return "a float";
    case AttributeKind::int_: return "an int";
    case AttributeKind::string: return "a string";
    case AttributeKind::tensor: return "a tensor";
    case AttributeKind::graph: return "a graph";
    case AttributeKind::floats: return "floats";
    case AttributeKind::ints: return "ints";
    case AttributeKind::strings: return "strings";
    case AttributeKind::tensors: return "tensors";
    case AttributeKind::graphs: return "graphs";
    case AttributeKind::sparse_tensor: return "a sparse tensor";
    case AttributeKind::sparse_tensors: return "sparse tensors";
    case AttributeKind::type: return "a type";
    case AttributeKind::types: return "types";
    case AttributeKind::undefined: break;
  }
  return "of no kind";
}

bool has_payload(const AttributeDef& def) {
  switch (def.kind) {
    case AttributeKind::tensor: return !def.tensors.empty();
    case AttributeKind::graph: return !def.graphs.empty();
    case AttributeKind::sparse_tensor: return !def.sparse_tensors.empty();
    case AttributeKind::type: return !def.types.empty();
    default: return true;
  }
}

// Elements as double, of the dtypes that scalars of a graph have.
std::optional<double> number(const Tensor& tensor) {
  if (tensor.elements() != 1) return std::nullopt;
  switch (tensor.dtype()) {
    case DataType::f32: return tensor.values<float>()[0];
    case DataType::f64: return tensor.values<double>()[0];
    case DataType::f16: return static_cast<float>(tensor.values<float16>()[0]);
    case DataType::bf16: return static_cast<float>(tensor.values<bfloat16>()[0]);
    case DataType::i8: return tensor.values<std::int8_t>()[0];
    case DataType::u8: return tensor.values<std::uint8_t>()[0];
    case DataType::i32: return tensor.values<std::int32_t>()[0];
    case DataType::i64: return static_cast<double>(tensor.values<std::int64_t>()[0]);
    default: return std::nullopt;
  }
}

}  // namespace

NodeContext::NodeContext(Importer& importer, Scope& scope, const NodeDef& def, std::int64_t version,
                         std::vector<ValueId> operands, const AttributeMap* function_attributes)
    : importer_(importer), scope_(scope), def_(def), version_(version), operands_(std::move(operands)) {
  while (!operands_.empty() && !operands_.back().valid()) operands_.pop_back();
  output_count_ = def.outputs.size();
  while (output_count_ > 1 && def.outputs[output_count_ - 1].empty()) --output_count_;
  output_count_ = std::max<std::size_t>(output_count_, 1);
  std::set<std::string_view> given;
  for (const AttributeDef& attribute : def.attributes) {
    const AttributeDef* value = &attribute;
    if (!attribute.reference.empty()) {
      if (function_attributes == nullptr) {
        fail(fmt::format("attribute '{}' refers to a function's attribute outside of a function",
                         attribute.name));
      }
      const auto found = function_attributes->find(attribute.reference);
      if (found == function_attributes->end()) continue;  // not given: the operator's default
      value = found->second;
    }
    if (!given.insert(attribute.name).second)
      fail(fmt::format("attribute '{}' is given twice", attribute.name));
    attributes_.emplace_back(attribute.name, value);
  }
}

void NodeContext::fail(const std::string& reason) const { throw ModelError(reason); }

ValueId NodeContext::input(std::size_t i) const {
  if (!has(i)) fail(fmt::format("input {} is missing", i));
  return operands_[i];
}

void NodeContext::require_inputs(std::size_t min, std::size_t max) const {
  if (operands_.size() > max)
    fail(fmt::format("has {} inputs, at most {} are allowed", operands_.size(), max));
  for (std::size_t i = 0; i < min; ++i) input(i);
}

Graph& NodeContext::graph() noexcept { return importer_.graph(); }

const Type& NodeContext::type(std::size_t i) const { return type_of(input(i)); }

const Type& NodeContext::type_of(ValueId id) const { return importer_.graph().type(id); }

const Dims* NodeContext::dims(std::size_t i) const {
  const TensorType& tensor = type(i).as_tensor();
  return tensor.dims ? &*tensor.dims : nullptr;
}

std::int64_t NodeContext::rank(std::size_t i) const {
  const Dims* known = dims(i);
  if (known == nullptr) fail(fmt::format("the rank of input {} must be known", i));
  return static_cast<std::int64_t>(known->size());
}

const Tensor* NodeContext::constant(std::size_t i) const noexcept {
  return has(i) ? importer_.graph().constant(operands_[i]) : nullptr;
}

std::optional<std::vector<std::int64_t>> NodeContext::known_ints(std::size_t i) const {
  if (!has(i)) return std::nullopt;
  std::vector<std::int64_t> ints;
  if (const Tensor* tensor = constant(i)) {
    if (tensor->dtype() == DataType::i64) {
      const auto values = tensor->values<std::int64_t>();
      ints.assign(values.begin(), values.end());
      return ints;
    }
    if (tensor->dtype() == DataType::i32) {
      const auto values = tensor->values<std::int32_t>();
      ints.assign(values.begin(), values.end());
      return ints;
    }
    return std::nullopt;
  }
  const auto& symbolic = importer_.graph().value(operands_[i]).symbolic;
  if (!symbolic) return std::nullopt;
  for (const Dim& dim : *symbolic) {
    if (!dim.is_const()) return std::nullopt;
    ints.push_back(dim.value());
  }
  return ints;
}

std::optional<double> NodeContext::known_number(std::size_t i) const {
  const Tensor* tensor = constant(i);
  return tensor == nullptr ? std::nullopt : number(*tensor);
}

bool NodeContext::has_attr(std::string_view name) const noexcept {
  return std::any_of(attributes_.begin(), attributes_.end(),
                     [&](const auto& entry) { return entry.first == name; });
}

const AttributeDef* NodeContext::find(std::string_view name, AttributeKind kind) {
  for (const auto& [key, def] : attributes_) {
    if (key != name) continue;
    understood_.insert(key);
    if (def->kind != kind)
      fail(fmt::format("attribute '{}' is {}, expected {}", name, kind_name(def->kind), kind_name(kind)));
    if (!has_payload(*def)) fail(fmt::format("attribute '{}' has no value", name));
    return def;
  }
  return nullptr;
}

std::optional<std::int64_t> NodeContext::find_int(std::string_view name) {
  const AttributeDef* def = find(name, AttributeKind::int_);
  return def == nullptr ? std::nullopt : std::optional(def->i);
}

std::int64_t NodeContext::attr_int(std::string_view name) {
  const auto value = find_int(name);
  if (!value) fail(fmt::format("attribute '{}' is missing", name));
  return *value;
}

std::optional<float> NodeContext::find_float(std::string_view name) {
  const AttributeDef* def = find(name, AttributeKind::float_);
  return def == nullptr ? std::nullopt : std::optional(def->f);
}

std::optional<std::string> NodeContext::find_string(std::string_view name) {
  const AttributeDef* def = find(name, AttributeKind::string);
  return def == nullptr ? std::nullopt : std::optional(std::string(def->s));
}

std::optional<std::vector<std::int64_t>> NodeContext::find_ints(std::string_view name) {
  const AttributeDef* def = find(name, AttributeKind::ints);
  return def == nullptr ? std::nullopt : std::optional(def->ints);
}

std::optional<std::vector<float>> NodeContext::find_floats(std::string_view name) {
  const AttributeDef* def = find(name, AttributeKind::floats);
  return def == nullptr ? std::nullopt : std::optional(def->floats);
}

std::optional<std::vector<std::string>> NodeContext::find_strings(std::string_view name) {
  const AttributeDef* def = find(name, AttributeKind::strings);
  if (def == nullptr) return std::nullopt;
  return std::vector<std::string>(def->strings.begin(), def->strings.end());
}

std::optional<DataType> NodeContext::find_dtype(std::string_view name) {
  const auto code = find_int(name);
  return code ? std::optional(data_type(*code)) : std::nullopt;
}

std::optional<Tensor> NodeContext::find_tensor(std::string_view name) {
  const AttributeDef* def = find(name, AttributeKind::tensor);
  return def == nullptr ? std::nullopt : std::optional(importer_.tensors().load(def->tensors.front()));
}

std::optional<Tensor> NodeContext::find_sparse_tensor(std::string_view name) {
  const AttributeDef* def = find(name, AttributeKind::sparse_tensor);
  return def == nullptr ? std::nullopt : std::optional(importer_.tensors().load(def->sparse_tensors.front()));
}

std::optional<Type> NodeContext::find_type(std::string_view name) {
  const AttributeDef* def = find(name, AttributeKind::type);
  return def == nullptr ? std::nullopt : std::optional(to_type(def->types.front(), name, nullptr));
}

const GraphDef& NodeContext::attr_graph(std::string_view name) {
  const AttributeDef* def = find(name, AttributeKind::graph);
  if (def == nullptr) fail(fmt::format("attribute '{}' is missing", name));
  return def->graphs.front();
}

std::size_t NodeContext::attr_choice(std::string_view name, std::initializer_list<std::string_view> names,
                                     std::size_t otherwise) {
  const auto text = find_string(name);
  if (!text) return otherwise;
  const auto* found = std::find(names.begin(), names.end(), *text);
  if (found == names.end()) {
    fail(fmt::format("attribute '{}' is '{}', expected one of: {}", name, *text, fmt::join(names, ", ")));
  }
  return static_cast<std::size_t>(found - names.begin());
}

void NodeContext::ignore_attrs(std::initializer_list<std::string_view> names) {
  understood_.insert(names.begin(), names.end());
}

void NodeContext::require_all_attrs_understood() const {
  for (const auto& entry : attributes_) {
    if (understood_.count(entry.first) == 0) {
      fail(fmt::format("attribute '{}' is not known in this version of the operator", entry.first));
    }
  }
}

ValueId NodeContext::ints(const std::vector<std::int64_t>& values) {
  return graph().add_constant(Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())},
                                                       std::span<const std::int64_t>(values)));
}

RegionId NodeContext::import_region(const GraphDef& body, const std::vector<Type>& parameters) {
  return importer_.import_region(body, parameters, scope_);
}
std::vector<ValueId> NodeContext::convert_as(std::string_view op_type, std::int64_t opset,
                                             std::vector<ValueId> operands) {
  const Convert convert = registry().find({}, op_type, opset);
  if (convert == nullptr) fail(fmt::format("there is no {} of opset {}", op_type, opset));
  while (!operands.empty() && !operands.back().valid()) operands.pop_back();
  std::swap(operands_, operands);
  std::swap(version_, opset);
  std::vector<ValueId> results = convert(*this);
  std::swap(operands_, operands);
  std::swap(version_, opset);
  return results;
}
std::vector<ValueId> NodeContext::inline_graph(const GraphDef& body, const std::vector<ValueId>& arguments) {
  return importer_.inline_graph(body, arguments, scope_);
}

bool NodeContext::attempt(FunctionRef<bool()> build) { return importer_.attempt(build); }

}  // namespace tenon::onnx
