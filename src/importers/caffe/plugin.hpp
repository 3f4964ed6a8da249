// Layers that a plugin implements: the plugin of that name in the domain "caffe". Its fields stand in the
// message named after the layer's type, as Caffe's own do: pillar_scatter_param of PillarScatter.
#pragma once

#include "importers/caffe/layer_context.hpp"
#include "plugins/registry.hpp"

#include <memory>
#include <string_view>

namespace tenon::caffe {

// Null when there is none.
std::shared_ptr<const PluginEntry> plugin_for(std::string_view type);

Values convert_plugin(const std::shared_ptr<const PluginEntry>& plugin, LayerContext& layer);

}  // namespace tenon::caffe
