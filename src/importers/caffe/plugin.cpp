#include "importers/caffe/plugin.hpp"

#include <limits>
#include <string>
#include <type_traits>
#include <utility>

namespace tenon::caffe {
namespace {

constexpr std::string_view kPluginDomain = "caffe";

std::string parameter_message(std::string_view type) {
  std::string name;
  for (std::size_t i = 0; i < type.size(); ++i) {
    const bool upper = type[i] >= 'A' && type[i] <= 'Z';
    const bool begins_word = upper && i > 0 && !(type[i - 1] >= 'A' && type[i - 1] <= 'Z');
    if (begins_word) name += '_';
    name += upper ? static_cast<char>(type[i] - 'A' + 'a') : type[i];
  }
  return name + "_param";
}

template <class T>
AttributeValue read_field(const Message& message, const std::string& name) {
  if constexpr (std::is_same_v<T, bool>) {
    return message.flag(name, false);
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return *message.find_integer(name);
  } else if constexpr (std::is_same_v<T, float>) {
    return *message.find_number(name);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return *message.find_word(name);
  } else if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) {
    return message.integers(name);
  } else if constexpr (std::is_same_v<T, std::vector<float>>) {
    return message.numbers(name);
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    return message.words(name);
  } else {
    throw ModelError("field '" + name + "': element types and tensors cannot be written in a prototxt");
  }
}

}  // namespace

std::shared_ptr<const PluginEntry> plugin_for(std::string_view type) {
  return find_plugin(kPluginDomain, type, std::numeric_limits<std::int64_t>::max());
}

Values convert_plugin(const std::shared_ptr<const PluginEntry>& plugin, LayerContext& layer) {
  const Message& message = layer.parameters(parameter_message(layer.def().type));
  op::Plugin op = op::plugin(plugin);
  AttributeList attributes;
  for (const PluginField& field : plugin->fields) {
    if (!message.has(field.name)) continue;
    attributes.push_back(
        {field.name,
         std::visit(
             [&](const auto& kind) { return read_field<std::decay_t<decltype(kind)>>(message, field.name); },
             field.value.variant())});
  }
  set_attributes(op, attributes, plugin->op);
  return layer.graph().add_node(std::move(op), layer.bottoms(), layer.top_count());
}

}  // namespace tenon::caffe
