#include "quant/observed_values.hpp"

#include "base/hash.hpp"
#include "ir/printer.hpp"

#include <fmt/format.h>

#include <set>

namespace tenon::quant {

std::vector<ObservedValue> observed_values(const Graph& graph) {
  std::vector<ObservedValue> values;
  std::set<std::string> names;
  const auto add = [&](ValueId id, const std::string& location) {
    if (!id.valid() || graph.constant(id) != nullptr) return;
    const Value& value = graph.value(id);
    if (!value.type.is_tensor() || !is_floating_point(value.type.as_tensor().dtype)) return;
    std::string name = value.name.empty() ? fmt::format("value {}", id.value) : value.name;
    while (!names.insert(name).second) name += "'";
    values.push_back({std::move(name), id, location});
  };
  for (const ValueId input : graph.inputs()) add(input, "");
  for (const NodeId id : graph.nodes(graph.body())) {
    for (const ValueId output : graph.node(id).outputs) add(output, graph.node(id).location);
  }
  return values;
}

std::string network_digest(const Graph& graph) {
  Graph plain = graph;
  plain.clear_taps();
  const std::string text = print(plain);
  return hash128(text.data(), text.size()).hex();
}

}  // namespace tenon::quant
