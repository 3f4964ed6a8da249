// The converters: one function per operation of UFF.
#pragma once

#include "importers/placed.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::uff {

class NodeContext;

// Builds what the node means and returns its output. Refuses with NodeContext::fail(). Every field that is
// not asked for is an error afterwards.
using Convert = Placed (*)(NodeContext& node);

class Registry {
 public:
  void add(std::string_view operation, Convert convert);
  Convert find(std::string_view operation) const;  // null when the operation is unknown
  std::vector<std::string> names() const;          // sorted

 private:
  std::map<std::string, Convert, std::less<>> entries_;
};

// Every converter; filled on first use, thread-safe.
const Registry& registry();

}  // namespace tenon::uff

namespace tenon {

// Generated from the entries in CMakeLists.txt.
void register_all_uff(uff::Registry& registry);

}  // namespace tenon
