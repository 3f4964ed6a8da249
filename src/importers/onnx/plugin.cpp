#include "importers/onnx/plugin.hpp"

#include <charconv>
#include <limits>
#include <type_traits>
#include <utility>

namespace tenon::onnx {
namespace {

constexpr std::string_view kVersionAttribute = "plugin_version";
constexpr std::string_view kNamespaceAttribute = "plugin_namespace";

std::optional<std::int64_t> asked_version(const NodeDef& node) {
  for (const AttributeDef& attribute : node.attributes) {
    if (attribute.name != kVersionAttribute) continue;
    if (attribute.kind == AttributeDef::Kind::int_) return attribute.i;
    std::int64_t version = 0;
    const char* end = attribute.s.data() + attribute.s.size();
    const auto [last, error] = std::from_chars(attribute.s.data(), end, version);
    if (error == std::errc() && last == end) return version;
  }
  return std::nullopt;
}

// The attribute as a value of that kind; nothing when the node does not have it.
template <class T>
std::optional<FieldValue> read_attribute(NodeContext& node, const std::string& name) {
  const auto wrap = [](auto&& value) {
    return value ? std::optional<FieldValue>(std::move(*value)) : std::nullopt;
  };
  if constexpr (std::is_same_v<T, bool>) {
    const auto value = node.find_int(name);
    return value ? std::optional<FieldValue>(*value != 0) : std::nullopt;
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return wrap(node.find_int(name));
  } else if constexpr (std::is_same_v<T, float>) {
    return wrap(node.find_float(name));
  } else if constexpr (std::is_same_v<T, std::string>) {
    return wrap(node.find_string(name));
  } else if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) {
    return wrap(node.find_ints(name));
  } else if constexpr (std::is_same_v<T, std::vector<float>>) {
    return wrap(node.find_floats(name));
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    return wrap(node.find_strings(name));
  } else if constexpr (std::is_same_v<T, DataType>) {
    return wrap(node.find_dtype(name));
  } else {
    static_assert(std::is_same_v<T, Tensor>);
    return wrap(node.find_tensor(name));
  }
}

}  // namespace

std::shared_ptr<const PluginEntry> plugin_for(const NodeDef& node, std::optional<std::int64_t> opset) {
  const auto asked = asked_version(node);
  const std::int64_t newest = asked.value_or(opset.value_or(std::numeric_limits<std::int64_t>::max()));
  auto plugin = find_plugin(node.domain, node.op_type, newest);
  return plugin != nullptr && asked && plugin->name.version != *asked ? nullptr : plugin;
}

std::vector<ValueId> convert_plugin(const std::shared_ptr<const PluginEntry>& plugin, NodeContext& node) {
  op::Plugin op = op::plugin(plugin);
  AttributeList attributes;
  for (const PluginField& field : plugin->fields) {
    const auto value = std::visit(
        [&](const auto& kind) { return read_attribute<std::decay_t<decltype(kind)>>(node, field.name); },
        field.value.variant());
    if (!value) continue;
    attributes.push_back(
        {field.name, std::visit([](const auto& given) { return AttributeValue(given); }, value->variant())});
  }
  set_attributes(op, attributes, plugin->op);
  node.ignore_attrs({kVersionAttribute, kNamespaceAttribute});
  return node.add_node(std::move(op), node.inputs(), node.output_count());
}

}  // namespace tenon::onnx
