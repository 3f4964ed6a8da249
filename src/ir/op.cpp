#include "ir/op.hpp"

#include "base/check.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <shared_mutex>

namespace tenon {
namespace {

template <class T>
std::vector<std::int64_t> widen(const Tensor& tensor) {
  const auto values = tensor.values<T>();
  return {values.begin(), values.end()};
}

// Operators are looked up while plugins may be added. One lock for all registries: both are rare.
std::shared_mutex& registry_lock() {
  static std::shared_mutex mutex;
  return mutex;
}

// "domain:name:version" is a plugin's.
std::string why_missing(const std::string& name, const std::vector<std::string>& names) {
  const std::vector<std::string_view> parts = split(name, ':');
  if (parts.size() == 3) {
    return fmt::format(
        "the plugin {}, version {}, of domain {} is not loaded (load_plugins(), --plugin FILE)",
        quote(parts[1]), parts[2], quote(parts[0]));
  }
  return fmt::format("there is no operator {}{}", quote(name), did_you_mean(name, names));
}

}  // namespace

const Dims& InferContext::dims(std::size_t i) const {
  const TensorType& type = tensor(i);
  if (!type.dims) fail(fmt::format("the rank of operand {} must be known", i));
  return *type.dims;
}

std::optional<std::vector<std::int64_t>> InferContext::constant_ints(std::size_t i) const {
  if (!has(i)) return std::nullopt;
  if (const Tensor* tensor = constant(i)) {
    if (tensor->dtype() == DataType::i64) return widen<std::int64_t>(*tensor);
    if (tensor->dtype() == DataType::i32) return widen<std::int32_t>(*tensor);
    return std::nullopt;
  }
  const Dims* symbolic = symbolic_value(i);
  if (symbolic == nullptr) return std::nullopt;
  std::vector<std::int64_t> values;
  for (const Dim& dim : *symbolic) {
    if (!dim.is_const()) return std::nullopt;
    values.push_back(dim.value());
  }
  return values;
}

void InferContext::require_inputs(std::size_t min, std::size_t max) const {
  const std::size_t count = input_count();
  if (count >= min && count <= max) return;
  const std::string expected = min == max ? fmt::format("{}", min) : fmt::format("{} to {}", min, max);
  fail(fmt::format("expected {} operands, found {}", expected, count));
}

void InferContext::require_same_dtype(std::size_t i, std::size_t j) const {
  if (dtype(i) == dtype(j)) return;
  fail(fmt::format("operands {} and {} must have one element type, found {} and {}", i, j, name(dtype(i)),
                   name(dtype(j))));
}

void InferContext::require_dtype(std::size_t i, std::initializer_list<DataType> allowed) const {
  if (std::find(allowed.begin(), allowed.end(), dtype(i)) != allowed.end()) return;
  std::string names;
  for (const DataType type : allowed) names += fmt::format("{}{}", names.empty() ? "" : ", ", name(type));
  fail(fmt::format("operand {} must be of {}, found {}", i, names, name(dtype(i))));
}

bool operator==(const Op& a, const Op& b) noexcept {
  if (a.self_ == b.self_) return true;
  if (a.self_->type_tag() != b.self_->type_tag() || a.name() != b.name()) return false;
  const AttributeList x = a.attributes();
  const AttributeList y = b.attributes();
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const Attribute& s, const Attribute& t) {
    return s.name == t.name && identical(s.value, t.value);
  });
}

std::uint64_t Op::hash() const noexcept {
  Hasher hasher;
  hasher.add(name());
  for (const Attribute& attribute : attributes())
    hasher.add(attribute.name).add(tenon::hash(attribute.value));
  return hasher.value();
}

void OpRegistry::add(Op prototype) {
  std::string name(prototype.name());
  const std::unique_lock lock(registry_lock());
  const bool added = ops_.emplace(name, std::move(prototype)).second;
  TENON_CHECK(added, "the operator '{}' is registered twice", name);
}

const Op* OpRegistry::find(std::string_view name) const noexcept {
  const std::shared_lock lock(registry_lock());
  const auto found = ops_.find(name);
  return found == ops_.end() ? nullptr : &found->second;
}

std::vector<std::string> OpRegistry::names() const {
  const std::shared_lock lock(registry_lock());
  std::vector<std::string> names;
  for (const auto& entry : ops_) names.push_back(entry.first);
  return names;
}

Op OpRegistry::make(std::string_view name, const AttributeList& attributes) const {
  const Op* prototype = find(name);
  if (prototype == nullptr) throw ModelError(why_missing(std::string(name), names()));
  return attributes.empty() ? *prototype : prototype->with_attributes(attributes);
}

}  // namespace tenon
