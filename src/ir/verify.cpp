#include "base/check.hpp"
#include "base/text.hpp"
#include "ir/graph.hpp"
#include "ir/infer.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace tenon {
namespace {

class Verifier {
 public:
  explicit Verifier(const Graph& graph)
      : graph_(graph), visible_(graph.value_limit(), false), uses_(graph.value_limit(), 0) {}

  void run() {
    check_region(graph_.body(), NodeId{});
    for (const Tap& tap : graph_.taps()) {
      require(tap.value.value < defined_.size() && defined_[tap.value.value],
              "the tap {} is on a value that is not alive", quote(tap.name));
    }
    check_names();
    for (std::uint32_t i = 0; i < graph_.value_limit(); ++i) {
      const std::size_t listed = graph_.value(ValueId{i}).uses.size();
      require(!defined_[i] || listed == uses_[i], "value {} lists {} uses, but has {}", i, listed, uses_[i]);
    }
  }

 private:
  template <class... Args>
  void require(bool condition, fmt::format_string<Args...> format, Args&&... args) const {
    if (condition) [[likely]]
      return;
    throw InternalError("the graph is broken: " + fmt::format(format, std::forward<Args>(args)...));
  }

  std::string describe(NodeId id) const {
    const Node& node = graph_.node(id);
    return fmt::format("node {} ({}{}{})", id.value, node.op.name(), node.location.empty() ? "" : " at ",
                       node.location);
  }

  void define(ValueId id, std::uint32_t index, bool matches) {
    require(id.value < visible_.size(), "value {} does not exist", id.value);
    require(!defined_[id.value], "value {} is defined twice", id.value);
    require(matches && graph_.value(id).index == index, "value {} does not know where it is defined",
            id.value);
    const Type& type = graph_.value(id).type;
    require(!type.is_tensor() || !type.as_tensor().layout.stored || type.as_tensor().dtype == DataType::f32,
            "value {} is of type {}: only f32 is stored in another type", id.value, type.to_string());
    rename_values(type, [&](ValueId used) {
      require(used.value < visible_.size() && visible_[used.value],
              "the type of value {} names value {}, which is not defined before", id.value, used.value);
      return used;
    });
    defined_[id.value] = true;
    visible_[id.value] = true;
  }

  void check_use(ValueId id, Use use, const std::string& where) {
    require(id.value < visible_.size() && visible_[id.value],
            "{} uses value {}, which is not defined before it", where, id.value);
    const auto& listed = graph_.value(id).uses;
    require(std::find(listed.begin(), listed.end(), use) != listed.end(),
            "value {} does not list its use by {}", id.value, where);
    ++uses_[id.value];
  }

  void check_region(RegionId id, NodeId owner) {
    const Region& region = graph_.region(id);
    require(region.owner == owner, "region {} has another owner than the node that holds it", id.value);
    std::vector<ValueId> local;
    for (std::uint32_t i = 0; i < region.parameters.size(); ++i) {
      define(region.parameters[i], i, graph_.value(region.parameters[i]).parameter_of == id);
      local.push_back(region.parameters[i]);
    }
    NodeId previous;
    for (NodeId at = region.first; at.valid(); at = graph_.node(at).next) {
      const Node& node = graph_.node(at);
      require(node.alive && node.region == id && node.previous == previous,
              "{} is not linked into its region", describe(at));
      require(!previous.valid() || graph_.node(previous).position < node.position, "{} is out of order",
              describe(at));
      check_node(at, node);
      local.insert(local.end(), node.outputs.begin(), node.outputs.end());
      previous = at;
    }
    require(region.last == previous, "region {} does not end at its last node", id.value);
    for (std::uint32_t i = 0; i < region.results.size(); ++i) {
      check_use(region.results[i], Use{NodeId{}, id, i},
                fmt::format("the result {} of region {}", i, id.value));
    }
    // Values of a region are not visible outside of it.
    if (owner.valid()) {
      for (const ValueId value : local) visible_[value.value] = false;
    }
  }

  void check_node(NodeId id, const Node& node) {
    for (std::uint32_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i].valid()) check_use(node.inputs[i], Use{id, {}, i}, describe(id));
    }
    for (const RegionId nested : node.regions) check_region(nested, id);
    check_types(id, node);
    for (std::uint32_t i = 0; i < node.outputs.size(); ++i) {
      define(node.outputs[i], i, graph_.value(node.outputs[i]).producer == id);
    }
  }

  void check_types(NodeId id, const Node& node) const {
    std::vector<Inference> inferred;
    try {
      inferred = infer_node(node.op, graph_, graph_, node.inputs, node.regions, node.outputs.size());
    } catch (const ModelError& error) {
      require(false, "{} does not fit its operands: {}", describe(id), error.message());
    }
    require(inferred.size() == node.outputs.size(), "{} has {} outputs, but inference gives {}", describe(id),
            node.outputs.size(), inferred.size());
    for (std::size_t i = 0; i < inferred.size(); ++i) {
      const Value& output = graph_.value(node.outputs[i]);
      require(output.type == inferred[i].type, "output {} of {} has type {}, but inference gives {}", i,
              describe(id), output.type.to_string(), inferred[i].type.to_string());
      require(output.symbolic == inferred[i].value,
              "output {} of {} has another symbolic value than inferred", i, describe(id));
    }
  }

  void check_names() const {
    const auto check = [&](std::string_view what, const std::vector<std::string>& names) {
      std::set<std::string> seen;
      for (const std::string& name : names)
        require(seen.insert(name).second, "two {} are named {}", what, quote(name));
    };
    std::vector<std::string> inputs;
    for (const ValueId id : graph_.inputs()) inputs.push_back(graph_.value(id).name);
    check("inputs", inputs);
    require(graph_.output_names().size() == graph_.outputs().size(), "{} outputs have {} names",
            graph_.outputs().size(), graph_.output_names().size());
    check("outputs", graph_.output_names());
    std::vector<std::string> taps;
    for (const Tap& tap : graph_.taps()) taps.push_back(tap.name);
    check("taps", taps);
  }

  const Graph& graph_;
  std::vector<bool> visible_;
  std::vector<bool> defined_ = std::vector<bool>(visible_.size(), false);
  std::vector<std::size_t> uses_;
};

}  // namespace

void Graph::verify() const { Verifier(*this).run(); }

}  // namespace tenon
