#include "importers/tensorflow/plugin.hpp"

#include "importers/tensorflow/importer.hpp"
#include "importers/tensorflow/reader.hpp"
#include "importers/tensorflow/tensor_data.hpp"

#include <limits>
#include <string>
#include <type_traits>
#include <utility>

namespace tenon::tensorflow {
namespace {

constexpr std::string_view kPluginDomain = "tensorflow";

template <class T>
AttributeValue read_plugin_attribute(NodeContext& node, const std::string& name) {
  if constexpr (std::is_same_v<T, bool>) {
    return node.attr_bool(name, false);
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return node.attr_int(name, 0);
  } else if constexpr (std::is_same_v<T, float>) {
    return node.attr_float(name, 0);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return node.attr_string(name);
  } else if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) {
    return node.attr_ints(name);
  } else if constexpr (std::is_same_v<T, std::vector<float>>) {
    return node.attr_floats(name);
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    return node.attr_strings(name);
  } else if constexpr (std::is_same_v<T, DataType>) {
    return node.attr_dtype(name, DataType::f32);
  } else {
    static_assert(std::is_same_v<T, Tensor>);
    LoadedTensor loaded = load_tensor(read_tensor(node.attr_tensor(name)), node.importer().owner());
    if (loaded.repeated)
      node.fail("attribute '" + name + "' repeats one element: as a field it must be written out");
    return std::move(loaded.tensor);
  }
}

}  // namespace

std::shared_ptr<const PluginEntry> plugin_for(std::string_view op) {
  return find_plugin(kPluginDomain, op, std::numeric_limits<std::int64_t>::max());
}

Values convert_plugin(const std::shared_ptr<const PluginEntry>& plugin, NodeContext& node) {
  op::Plugin op = op::plugin(plugin);
  AttributeList attributes;
  for (const PluginField& field : plugin->fields) {
    if (!node.has_attr(field.name)) continue;
    const auto read = [&](const auto& kind) {
      return read_plugin_attribute<std::decay_t<decltype(kind)>>(node, field.name);
    };
    attributes.push_back({field.name, std::visit(read, field.value.variant())});
  }
  set_attributes(op, attributes, plugin->op);
  return node.graph().add_node(std::move(op), node.inputs());
}

}  // namespace tenon::tensorflow
