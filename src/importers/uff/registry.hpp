// The converters: one function per operation of UFF.
#pragma once

#include "ir/graph.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::uff {

class NodeContext;

// Where an image has its channels in the file; unknown until an operation that has an order says so.
enum class Channels : std::uint8_t { unknown, first, last };

// A value of the file and how its axes lie in the graph. Images are kept with their channels in front from
// the first operation that wants them so to the first one that cannot follow: `moved` says that the file's
// last axis is the value's second.
struct Placed {
  ValueId id;
  Channels channels = Channels::unknown;
  bool moved = false;
};

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
