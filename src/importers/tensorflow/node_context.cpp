#include "importers/tensorflow/node_context.hpp"

#include "base/half.hpp"
#include "importers/tensorflow/importer.hpp"
#include "importers/tensorflow/reader.hpp"
#include "importers/tensorflow/types.hpp"
#include "importers/wire.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace tenon::tensorflow {
namespace {

// Fields of AttrValue.
enum Field : std::uint32_t {
  kList = 1,
  kString = 2,
  kInt = 3,
  kFloat = 4,
  kBool = 5,
  kType = 6,
  kShape = 7,
  kTensor = 8,
  kPlaceholder = 9,
  kFunction = 10,
};

std::optional<double> number(const Tensor& tensor) {
  if (tensor.elements() != 1) return std::nullopt;
  switch (tensor.dtype()) {
    case DataType::f32: return tensor.values<float>()[0];
    case DataType::f64: return tensor.values<double>()[0];
    case DataType::f16: return static_cast<float>(tensor.values<float16>()[0]);
    case DataType::bf16: return static_cast<float>(tensor.values<bfloat16>()[0]);
    case DataType::i8: return tensor.values<std::int8_t>()[0];
    case DataType::u8: return tensor.values<std::uint8_t>()[0];
    case DataType::i16: return tensor.values<std::int16_t>()[0];
    case DataType::i32: return tensor.values<std::int32_t>()[0];
    case DataType::i64: return static_cast<double>(tensor.values<std::int64_t>()[0]);
    case DataType::boolean: return tensor.values<bool>()[0] ? 1 : 0;
    default: return std::nullopt;
  }
}

// Positions the reader at `field` of an encoded AttrValue; false when it is another kind of value.
bool seek(WireReader& in, std::uint32_t field) {
  while (in.next()) {
    if (in.field() == field) return true;
  }
  return false;
}

// Calls f(reader) for each entry of `field` in the list of an encoded AttrValue.
template <class F>
void each_in_list(std::string_view message, std::uint32_t field, F&& f) {
  WireReader in(message);
  if (!seek(in, kList)) return;
  for (WireReader list = in.message(); list.next();) {
    if (list.field() == field) f(list);
  }
}

bool is_list_of_types(std::string_view message) {
  WireReader in(message);
  if (!seek(in, kList)) return false;
  for (WireReader list = in.message(); list.next();) {
    if (list.field() != kType) return false;
  }
  return true;
}

std::string function_name(WireReader in) {
  std::string name;
  while (in.next()) {
    if (in.field() == 1) name = std::string(in.bytes());
  }
  return name;
}

}  // namespace

NodeContext::NodeContext(Importer& importer, Scope& scope, std::uint32_t index, Values operands)
    : importer_(importer),
      scope_(scope),
      index_(index),
      def_(scope.wiring.node(index)),
      operands_(std::move(operands)) {}

void NodeContext::fail(const std::string& reason) const { throw ModelError(reason); }

ValueId NodeContext::input(std::size_t i) const {
  if (i >= operands_.size()) fail(fmt::format("input {} is missing", i));
  return operands_[i];
}

void NodeContext::require_inputs(std::size_t min, std::size_t max) const {
  if (operands_.size() >= min && operands_.size() <= max) return;
  const std::string expected = min == max ? fmt::format("{}", min) : fmt::format("{} to {}", min, max);
  fail(fmt::format("has {} inputs, expected {}", operands_.size(), expected));
}

const Tensor* NodeContext::constant(std::size_t i) const noexcept {
  return i < operands_.size() ? graph().constant(operands_[i]) : nullptr;
}

const Dims* NodeContext::dims_of(ValueId id) const {
  const TensorType& tensor = type_of(id).as_tensor();
  return tensor.dims ? &*tensor.dims : nullptr;
}

std::int64_t NodeContext::rank_of(ValueId id) const {
  const Dims* known = dims_of(id);
  if (known == nullptr) {
    const std::string& name = graph().value(id).name;
    fail(name.empty() ? "the rank of an operand must be known"
                      : fmt::format("the rank of '{}' must be known; give the shapes of the inputs", name));
  }
  return static_cast<std::int64_t>(known->size());
}

std::optional<Ints> NodeContext::known_ints_of(ValueId id) const {
  Ints ints;
  if (const Tensor* tensor = graph().constant(id)) {
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
  const auto& symbolic = graph().value(id).symbolic;
  if (!symbolic) return std::nullopt;
  for (const Dim& dim : *symbolic) {
    if (!dim.is_const()) return std::nullopt;
    ints.push_back(dim.value());
  }
  return ints;
}

std::optional<Dims> NodeContext::known_dims(std::size_t i) const {
  if (const auto ints = known_ints(i)) return Dims(ints->begin(), ints->end());
  return graph().value(input(i)).symbolic;
}

Ints NodeContext::require_ints(std::size_t i, std::string_view what) const {
  auto ints = known_ints(i);
  if (!ints) fail(fmt::format("{} (input {}) must be known when the model is imported", what, i));
  return *std::move(ints);
}

std::int64_t NodeContext::require_int(std::size_t i, std::string_view what) const {
  const Ints ints = require_ints(i, what);
  if (ints.size() != 1) fail(fmt::format("{} (input {}) has {} elements, expected 1", what, i, ints.size()));
  return ints.front();
}

std::optional<double> NodeContext::known_number(std::size_t i) const {
  const Tensor* tensor = constant(i);
  return tensor == nullptr ? std::nullopt : number(*tensor);
}

double NodeContext::require_number(std::size_t i, std::string_view what) const {
  const auto value = known_number(i);
  if (!value) fail(fmt::format("{} (input {}) must be a constant of one element", what, i));
  return *value;
}

bool NodeContext::uses(std::uint32_t port) const { return scope_.wiring.is_used({index_, port}); }

bool NodeContext::has_attr(std::string_view name) const noexcept {
  return std::any_of(def_.attributes.begin(), def_.attributes.end(),
                     [&](const AttributeDef& attribute) { return attribute.name == name; });
}

std::optional<std::string_view> NodeContext::find(std::string_view name) {
  understood_.insert(name);
  for (const AttributeDef& attribute : def_.attributes) {
    if (attribute.name != name) continue;
    WireReader in(attribute.message);
    if (!seek(in, kPlaceholder)) return attribute.message;
    return importer_.function_attribute(scope_, in.bytes());
  }
  return std::nullopt;
}

namespace {

[[noreturn]] void fail_kind(std::string_view name, std::string_view expected) {
  throw ModelError(fmt::format("attribute '{}' is not {}", name, expected));
}

}  // namespace

std::optional<std::int64_t> NodeContext::find_int(std::string_view name) {
  const auto message = find(name);
  if (!message) return std::nullopt;
  WireReader in(*message);
  if (!seek(in, kInt)) fail_kind(name, "an int");
  return in.int64();
}

bool NodeContext::attr_bool(std::string_view name, bool otherwise) {
  const auto message = find(name);
  if (!message) return otherwise;
  WireReader in(*message);
  if (!seek(in, kBool)) fail_kind(name, "a bool");
  return in.varint() != 0;
}

float NodeContext::attr_float(std::string_view name, float otherwise) {
  const auto message = find(name);
  if (!message) return otherwise;
  WireReader in(*message);
  if (!seek(in, kFloat)) fail_kind(name, "a float");
  return in.float32();
}

std::string NodeContext::attr_string(std::string_view name, std::string_view otherwise) {
  const auto message = find(name);
  if (!message) return std::string(otherwise);
  WireReader in(*message);
  if (!seek(in, kString)) fail_kind(name, "a string");
  return std::string(in.bytes());
}

std::vector<std::string> NodeContext::attr_strings(std::string_view name) {
  std::vector<std::string> strings;
  if (const auto message = find(name))
    each_in_list(*message, kString, [&](const WireReader& in) { strings.emplace_back(in.bytes()); });
  return strings;
}

Ints NodeContext::attr_ints(std::string_view name) {
  Ints ints;
  if (const auto message = find(name))
    each_in_list(*message, kInt, [&](const WireReader& in) { in.append_to(ints); });
  return ints;
}

std::vector<float> NodeContext::attr_floats(std::string_view name) {
  std::vector<float> floats;
  if (const auto message = find(name))
    each_in_list(*message, kFloat, [&](const WireReader& in) { in.append_to(floats); });
  return floats;
}

std::optional<std::int64_t> NodeContext::find_dtype_code(std::string_view name) {
  const auto message = find(name);
  if (!message) return std::nullopt;
  WireReader in(*message);
  if (!seek(in, kType)) fail_kind(name, "a type");
  return in.int64();
}

std::optional<DataType> NodeContext::find_dtype(std::string_view name) {
  const auto code = find_dtype_code(name);
  return code ? std::optional(data_type(*code)) : std::nullopt;
}

std::optional<ShapeDef> NodeContext::find_shape(std::string_view name) {
  const auto message = find(name);
  if (!message) return std::nullopt;
  WireReader in(*message);
  if (!seek(in, kShape)) fail_kind(name, "a shape");
  return read_shape(in.bytes());
}

std::string_view NodeContext::attr_tensor(std::string_view name) {
  const auto message = find(name);
  if (!message) fail(fmt::format("attribute '{}' is missing", name));
  WireReader in(*message);
  if (!seek(in, kTensor)) fail_kind(name, "a tensor");
  return in.bytes();
}

std::vector<std::string> NodeContext::attr_functions(std::string_view name) {
  const auto message = find(name);
  if (!message) fail(fmt::format("attribute '{}' is missing", name));
  return function_names({name, *message});
}

std::size_t NodeContext::attr_choice(std::string_view name, std::initializer_list<std::string_view> names,
                                     std::size_t otherwise) {
  if (!has_attr(name)) return otherwise;
  const std::string text = attr_string(name);
  const auto* found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) {
    fail(fmt::format("attribute '{}' is '{}', expected one of: {}", name, text, fmt::join(names, ", ")));
  }
  return static_cast<std::size_t>(found - names.begin());
}

void NodeContext::ignore_attrs(std::initializer_list<std::string_view> names) {
  understood_.insert(names.begin(), names.end());
}

void NodeContext::require_all_attrs_understood() const {
  for (const AttributeDef& attribute : def_.attributes) {
    if (attribute.name.empty() || attribute.name.front() == '_' || understood_.count(attribute.name) != 0)
      continue;
    // Types and counts of operands say nothing that the operands do not say.
    WireReader in(attribute.message);
    if (seek(in, kType) || is_list_of_types(attribute.message) || attribute.name == "N") continue;
    WireReader placeholder(attribute.message);
    if (seek(placeholder, kPlaceholder)) continue;
    fail(fmt::format("attribute '{}' is not supported", attribute.name));
  }
}

Graph& NodeContext::graph() const noexcept { return importer_.graph(); }

Notes& NodeContext::notes() const noexcept { return importer_.notes(); }

ValueId NodeContext::ints(const Ints& values) const {
  return graph().add_constant(Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())},
                                                       std::span<const std::int64_t>(values)));
}

ValueId NodeContext::int_scalar(std::int64_t value) const {
  return graph().add_constant(Tensor::of<std::int64_t>({}, std::span<const std::int64_t>(&value, 1)));
}

std::vector<std::string> function_names(const AttributeDef& attribute) {
  std::vector<std::string> names;
  WireReader in(attribute.message);
  if (seek(in, kFunction)) {
    names.push_back(function_name(in.message()));
  } else {
    constexpr std::uint32_t kFunctions = 9;
    each_in_list(attribute.message, kFunctions,
                 [&](const WireReader& list) { names.push_back(function_name(list.message())); });
  }
  return names;
}

}  // namespace tenon::tensorflow
