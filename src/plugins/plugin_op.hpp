// The operator that stands for a plugin in a graph: "domain:name:version"(operands) {fields}.
//
// Operands and results are tensors. The fields are those that the plugin lists; required ones have no default
// and are missing until given. What is wrong with operands and fields is said by the plugin's own inference.
#pragma once

#include "ir/op.hpp"

#include <tenon/plugin.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon {

// A registered plugin with what it says of itself.
struct PluginEntry {
  PluginName name;
  std::string op;  // its operator
  std::vector<PluginField> fields;
  std::shared_ptr<const Plugin> plugin;

  // Calls into the plugin, whose exceptions of all kinds become ModelErrors that name it.
  std::vector<PluginResult> infer(std::span<const PluginOperand> operands, const Fields& values) const;
  // For that device, or the one that takes its place. ModelError when there is none at all.
  std::unique_ptr<PluginKernel> create_kernel(Device device, const Fields& values) const;
};

namespace op {

struct Plugin {
  std::shared_ptr<const PluginEntry> entry;
  Fields values;  // those that are given or have a default, in the order of entry->fields

  std::string_view name() const { return entry->op; }
  Plugin prototype() const;
  static constexpr auto fields() { return std::make_tuple(); }  // known at run time only, see below
  std::vector<Inference> infer(InferContext& context) const;
};

Plugin plugin(std::shared_ptr<const PluginEntry> entry);  // with default fields

// Found by argument-dependent lookup where ir/op.hpp reads and sets the fields of an operator.
AttributeList to_attributes(const Plugin& plugin);
void set_attributes(Plugin& plugin, const AttributeList& list, std::string_view owner_name);

}  // namespace op
}  // namespace tenon
