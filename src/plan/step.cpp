#include "plan/step.hpp"

#include "base/check.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

namespace tenon {

void BufferView::publish() noexcept {
  if (slot == nullptr || !slot->is_tensor()) return;
  const Tensor& tensor = std::get<Tensor>(slot->value);
  data = const_cast<std::byte*>(tensor.data());
  dtype = tensor.dtype();
  shape = tensor.shape();
}

std::size_t Step::scratch_bytes(const StepShapes&) const { return 0; }

std::unique_ptr<StepState> Step::specialize(const StepShapes&) const { return nullptr; }

std::int64_t Step::lines_ahead(const StepState*) const { return 0; }

std::optional<RowWindow> Step::row_window() const { return std::nullopt; }

void StepRegistry::add(std::string_view kind, StepFactory factory) {
  const bool inserted = factories_.emplace(std::string(kind), factory).second;
  TENON_CHECK(inserted, "step kind '{}' is registered twice", kind);
}

std::unique_ptr<Step> StepRegistry::create(std::string_view kind, const StepInit& init) const {
  const auto found = factories_.find(kind);
  TENON_REQUIRE(found != factories_.end(), "no backend of this build knows steps of kind '{}'", kind);
  return found->second(init);
}

std::vector<std::string> StepRegistry::kinds() const {
  std::vector<std::string> kinds;
  for (const auto& [kind, factory] : factories_) kinds.push_back(kind);
  return kinds;
}

namespace {

template <class T>
const T& typed_param(const AttributeList& params, std::string_view name, std::string_view expected) {
  const AttributeValue* value = find(params, name);
  TENON_REQUIRE(value != nullptr, "step parameter '{}' is missing", name);
  const T* typed = std::get_if<T>(value);
  TENON_REQUIRE(typed != nullptr, "step parameter '{}' is of kind {}, expected {}", name, kind_name(*value),
                expected);
  return *typed;
}

}  // namespace

std::int64_t int_param(const AttributeList& params, std::string_view name) {
  return typed_param<std::int64_t>(params, name, "int");
}

std::int64_t int_param(const AttributeList& params, std::string_view name, std::int64_t fallback) {
  return find(params, name) == nullptr ? fallback : int_param(params, name);
}

const std::vector<std::int64_t>& ints_param(const AttributeList& params, std::string_view name) {
  return typed_param<std::vector<std::int64_t>>(params, name, "ints");
}

const std::string& string_param(const AttributeList& params, std::string_view name) {
  return typed_param<std::string>(params, name, "string");
}

}  // namespace tenon
