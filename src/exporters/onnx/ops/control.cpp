// if, loop, scan: the regions become nested graphs.
#include "exporters/onnx/node_writer.hpp"

#include <algorithm>

namespace tenon::onnx_export {
namespace {

void if_node(NodeWriter& node) {
  node.finish_with_graphs("If", {node.input(0)}, {"then_branch", "else_branch"});
}

void loop(NodeWriter& node) { node.finish_with_graphs("Loop", node.inputs(), {"body"}); }

// The fields have the names of the attributes; empty lists stand for the defaults.
void scan(NodeWriter& node) {
  AttributeList attributes = node.node().op.attributes();
  std::erase_if(attributes, [](const Attribute& attribute) {
    const auto* list = std::get_if<Ints>(&attribute.value);
    return list != nullptr && list->empty();
  });
  node.finish_with_graphs("Scan", node.inputs(), {"body"}, attributes);
}

}  // namespace
}  // namespace tenon::onnx_export

namespace tenon {

void register_onnx_export_control(onnx_export::Registry& registry) {
  registry.add("if", onnx_export::if_node);
  registry.add("loop", onnx_export::loop);
  registry.add("scan", onnx_export::scan);
}

}  // namespace tenon
