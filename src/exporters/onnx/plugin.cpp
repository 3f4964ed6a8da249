#include "exporters/onnx/node_writer.hpp"
#include "plugins/plugin_op.hpp"

namespace tenon::onnx_export {

void write_plugin(NodeWriter& node) {
  const PluginName& name = node.op<op::Plugin>().entry->name;
  node.set_domain(name.domain, name.version);
  AttributeList attributes = node.node().op.attributes();
  attributes.push_back({"plugin_version", name.version});
  node.finish(name.name, node.inputs(), attributes);
}

}  // namespace tenon::onnx_export
