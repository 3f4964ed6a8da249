// Nodes that a plugin implements: found by domain and operator, attributes become fields of the same name.
#pragma once

#include "importers/onnx/model.hpp"
#include "importers/onnx/node_context.hpp"
#include "plugins/registry.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace tenon::onnx {

// The newest version up to the domain's opset, or any where the model imports none; exactly the one that an
// attribute plugin_version names, as in models made for TensorRT. Null when no plugin fits.
std::shared_ptr<const PluginEntry> plugin_for(const NodeDef& node, std::optional<std::int64_t> opset);

std::vector<ValueId> convert_plugin(const std::shared_ptr<const PluginEntry>& plugin, NodeContext& node);

}  // namespace tenon::onnx
