// The writers: one function per operator of the IR.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::onnx_export {

class NodeWriter;

// Writes nodes that compute the outputs of the IR's node. Refuses with NodeWriter::fail().
using Write = void (*)(NodeWriter& node);

class Registry {
 public:
  void add(std::string_view op, Write write);  // InternalError when there is one already
  Write find(std::string_view op) const;       // null when there is none
  std::vector<std::string> names() const;      // sorted

 private:
  std::map<std::string, Write, std::less<>> writers_;
};

// Plugins are many operators: nodes of their own domain and name, with the version as an attribute.
void write_plugin(NodeWriter& node);

// Every writer; filled on first use, thread-safe.
const Registry& registry();

}  // namespace tenon::onnx_export

namespace tenon {

// Generated from the entries in CMakeLists.txt.
void register_all_onnx_export(onnx_export::Registry& registry);

}  // namespace tenon
