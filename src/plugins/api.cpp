// What plugin code calls. Linked into the shared libraries of plugins too, so it must not reach the registry.
#include "base/check.hpp"
#include "base/text.hpp"

#include <tenon/plugin.hpp>

#include <algorithm>

namespace tenon {

std::string to_string(const PluginName& name) {
  return fmt::format("{}:{}:{}", name.domain, name.name, name.version);
}

const TensorView& PluginCall::input(std::size_t i) const {
  TENON_REQUIRE(has(i), "operand {} is missing", i);
  return inputs_[i];
}

const MutableTensorView& PluginCall::output(std::size_t i) const {
  TENON_REQUIRE(i < outputs_.size() && outputs_[i].present,
                "result {} has no memory: it is not wanted, or its size is not known before allocate()", i);
  return outputs_[i];
}

namespace detail {

const FieldValue& find_field(const Fields& fields, std::string_view name) {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const NamedField& field) { return field.name == name; });
  TENON_REQUIRE(found != fields.end(), "there is no field {}", quote(name));
  return found->value;
}

void throw_field_kind(std::string_view name) {
  throw ModelError(fmt::format("the field {} is of another kind", quote(name)));
}

}  // namespace detail
}  // namespace tenon
