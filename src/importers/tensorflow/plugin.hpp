// Nodes that a plugin implements: the plugin of that name in the domain "tensorflow". Attributes become
// fields of the same name.
#pragma once

#include "importers/tensorflow/node_context.hpp"
#include "plugins/registry.hpp"

#include <memory>
#include <string_view>

namespace tenon::tensorflow {

// Null when there is none.
std::shared_ptr<const PluginEntry> plugin_for(std::string_view op);

Values convert_plugin(const std::shared_ptr<const PluginEntry>& plugin, NodeContext& node);

}  // namespace tenon::tensorflow
