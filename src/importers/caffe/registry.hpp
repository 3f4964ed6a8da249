// The converters: one function per type of layer.
#pragma once

#include "ir/graph.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::caffe {

class LayerContext;

// Builds what the layer means and returns its tops in order. Refuses with LayerContext::fail(). Every field
// of the layer that is not asked for is an error afterwards.
using Convert = std::vector<ValueId> (*)(LayerContext& layer);

enum class Role : std::uint8_t {
  compute,
  source,  // gives the network's inputs
  ignore,  // only for training and testing: left out, and what it would have used counts as unused
  silence  // left out, and what it uses is no output of the network
};

struct LayerType {
  Convert convert = nullptr;
  Role role = Role::compute;
  std::size_t bottoms = std::numeric_limits<std::size_t>::max();  // that matter for inference; not labels
};

class Registry {
 public:
  void add(std::string_view type, LayerType entry);
  void add(std::string_view type, Convert convert) { add(type, LayerType{convert}); }
  const LayerType* find(std::string_view type) const;  // null when unknown
  std::vector<std::string> names() const;              // sorted

 private:
  std::map<std::string, LayerType, std::less<>> types_;
};

// Every converter; filled on first use, thread-safe.
const Registry& registry();

}  // namespace tenon::caffe

namespace tenon {

// Generated from the entries in CMakeLists.txt.
void register_all_caffe(caffe::Registry& registry);

}  // namespace tenon
