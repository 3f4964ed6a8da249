// The converters: one function per source operator.
#pragma once

#include "ir/graph.hpp"

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::tensorflow {

class NodeContext;

// Builds what the node means and returns its outputs in order; an invalid id (or none) where an output is not
// provided. Refuses with NodeContext::fail(). Every attribute that is not asked for is an error afterwards,
// except types and names that start with an underscore.
using Convert = std::vector<ValueId> (*)(NodeContext& node);

struct Converter {
  Convert convert = nullptr;
  std::vector<std::string_view> outputs;  // names of the outputs where there are several; functions use them
};

class Registry {
 public:
  void add(std::string_view op, Convert convert, std::initializer_list<std::string_view> outputs = {});
  const Converter* find(std::string_view op) const;  // null when the operator is unknown
  std::vector<std::string> names() const;            // sorted

 private:
  std::map<std::string, Converter, std::less<>> entries_;
};

// Every converter; filled on first use, thread-safe.
const Registry& registry();

}  // namespace tenon::tensorflow

namespace tenon {

// Generated from the entries in CMakeLists.txt.
void register_all_tensorflow(tensorflow::Registry& registry);

}  // namespace tenon
