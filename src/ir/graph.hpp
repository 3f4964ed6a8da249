// Graph: nodes, SSA values and regions, and the only place where edges change.
//
// Nodes, values and regions are named by strong ids that stay valid while other things are added or removed.
// A region is an ordered list of nodes with parameters and results; a node may own regions (If, Loop, Scan),
// and nodes inside may use values of the regions around them (captures). The body is the region of the graph
// itself: its parameters are the graph's inputs, its results the outputs. Not thread-safe; concurrent reads
// are.
#pragma once

#include "base/ids.hpp"
#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

using NodeId = Id<struct NodeTag>;
using RegionId = Id<struct RegionTag>;

class Patch;

// One place where a value is consumed: operand `index` of `node`, or (node invalid) result `index` of
// `region`.
struct Use {
  NodeId node;
  RegionId region;
  std::uint32_t index = 0;
  bool is_result() const noexcept { return !node.valid(); }
  bool operator==(const Use&) const = default;
};

struct Value {
  Type type;
  std::string name;              // hint for printing and for inputs their public name; unique among inputs
  std::optional<Dims> symbolic;  // see Inference::value
  NodeId producer;               // invalid for a region's parameter
  RegionId parameter_of;         // invalid for a node's output
  std::uint32_t index = 0;       // output index or parameter index
  std::vector<Use> uses;         // unordered
};

struct Node {
  Op op;
  std::vector<ValueId> inputs;  // invalid id: an empty optional input
  std::vector<ValueId> outputs;
  std::vector<RegionId> regions;
  std::string location;        // source node name(s), merged on fusion with " + "
  RegionId region;             // where the node lies
  NodeId previous, next;       // order within the region
  std::uint64_t position = 0;  // grows along the region; values are otherwise meaningless
  bool alive = true;
};

struct Region {
  std::vector<ValueId> parameters;
  std::vector<ValueId> results;
  std::vector<std::string> result_names;  // the body's: names of the graph's outputs
  NodeId first, last;
  NodeId owner;    // invalid for the body and for a region that no node has yet
  int height = 0;  // levels of regions inside
};

// A value of the imported graph that must stay observable under `name`. Taps keep their value alive but do
// not count as users, so fusion is free to recompute past them.
struct Tap {
  std::string name;
  ValueId value;
};

// What can build nodes: a Graph under construction or a Patch.
class NodeBuilder {
 public:
  virtual ~NodeBuilder() = default;
  // Adds a node and infers its outputs; `outputs` > 0 fixes the count for variadic operators.
  virtual std::vector<ValueId> add_node(Op op, std::vector<ValueId> inputs, std::size_t outputs = 0) = 0;
  virtual const Value& value(ValueId id) const = 0;
  virtual const Tensor* constant(ValueId id) const noexcept = 0;  // null unless produced by a constant node

  ValueId add(Op op, std::vector<ValueId> inputs) {
    return add_node(std::move(op), std::move(inputs)).front();
  }
  ValueId add_constant(Tensor tensor);
  const Type& type(ValueId id) const { return value(id).type; }
  // Location given to nodes added from here on.
  void set_location(std::string location) { location_ = std::move(location); }
  const std::string& location() const noexcept { return location_; }

 private:
  std::string location_;
};

class Graph final : public NodeBuilder {
 public:
  explicit Graph(std::string name = "main");
  Graph(const Graph&) = default;  // deep copy; Tensors are shared
  Graph(Graph&&) noexcept = default;
  Graph& operator=(const Graph&) = default;
  Graph& operator=(Graph&&) noexcept = default;

  const std::string& name() const noexcept { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }

  // --- construction: nodes are appended to the insertion region (the body at first) ---
  ValueId add_input(std::string name, Type type);  // ModelError when the name is taken
  std::vector<ValueId> add_node(Op op, std::vector<ValueId> inputs, std::size_t outputs = 0) override;
  // A node that owns regions, which were made by add_region() and filled before. ModelError when they nest
  // too deeply.
  std::vector<ValueId> add_region_node(Op op, std::vector<ValueId> inputs, std::vector<RegionId> regions,
                                       std::size_t outputs = 0);
  RegionId add_region();  // detached until given to add_region_node
  ValueId add_parameter(RegionId region, std::string name, Type type);
  void set_insertion_region(RegionId region) { insertion_ = region; }
  RegionId insertion_region() const noexcept { return insertion_; }
  void add_output(std::string name, ValueId value);  // of the body; ModelError when the name is taken
  void set_results(RegionId region, std::vector<ValueId> results);
  void add_tap(std::string name, ValueId value);
  void clear_taps();
  void set_value_name(ValueId id, std::string name);
  void set_symbol_range(std::string symbol, Interval range);

  // --- reading ---
  RegionId body() const noexcept { return RegionId{0}; }
  const Region& region(RegionId id) const;
  const Node& node(NodeId id) const;
  const Value& value(ValueId id) const override;
  const Tensor* constant(ValueId id) const noexcept override;
  std::span<const ValueId> inputs() const { return region(body()).parameters; }
  std::span<const ValueId> outputs() const { return region(body()).results; }
  const std::vector<std::string>& output_names() const { return region(body()).result_names; }
  const std::vector<Tap>& taps() const noexcept { return taps_; }
  const SymbolRanges& symbol_ranges() const noexcept { return symbols_; }
  std::vector<NodeId> nodes(RegionId region) const;  // in order; safe to iterate while the graph changes
  std::vector<NodeId> all_nodes() const;    // body and nested regions, owners before their regions' nodes
  std::size_t node_count() const noexcept;  // alive
  std::size_t value_limit() const noexcept {
    return values_.size();
  }  // every ValueId is below; for tables by id
  std::size_t node_limit() const noexcept { return nodes_.size(); }  // likewise for NodeId
  RegionId region_of(ValueId id) const;                              // where the value is defined
  // The only node using the value, when it has exactly one use, an operand; taps do not count. Else invalid.
  NodeId sole_user(ValueId id) const;
  bool is_output(ValueId id) const;
  bool is_tapped(ValueId id) const;
  // True when no output is used, tapped or named as a scale by a type: the node may be erased.
  bool is_unused(NodeId id) const;
  // By node: whether an output of the graph needs it, or (with `for_taps`) a tap.
  std::vector<bool> live_nodes(bool for_taps = true) const;
  // Values of outer regions used inside the regions of `node`, in first-use order.
  std::vector<ValueId> captures(NodeId node) const;
  // True when `a` comes before `b`; both in the same region.
  bool before(NodeId a, NodeId b) const;

  // --- edits ---
  void apply(Patch&& patch);  // InternalError when the patch was made for another state of the graph
  // Types of users follow when the new value's type is more specific.
  void replace_uses(ValueId from, ValueId to);  // operands, results, taps, and scales named in types
  void set_operand(NodeId node, std::size_t index, ValueId to);
  void set_op(NodeId node, Op op);  // outputs keep their count; types follow
  void erase(NodeId node);          // with its regions; InternalError when an output is still used
  std::size_t remove_dead_nodes();  // returns how many were removed
  void reinfer();                   // recomputes all types in order (after a change of input types)
  void set_input_type(ValueId input, Type type);  // does not reinfer
  // Elements of an integer input of rank 0 or 1 as expressions, so that dims may follow from them; whoever
  // runs the graph sees to it that they are these. ModelError when they do not fit its type. Does not
  // reinfer.
  void set_input_values(ValueId input, Dims values);
  void compact();  // renumbers: drops dead nodes and values; ids change

  std::uint64_t version() const noexcept { return version_; }  // changes with every edit

  // Throws InternalError naming the first broken invariant: def before use, uses consistent, types as
  // inferred, names of inputs, outputs and taps unique, regions owned once, order kept.
  void verify() const;

  // Same structure, ops, types, names, locations, taps and symbol ranges (ids and dead entries may differ).
  friend bool operator==(const Graph& a, const Graph& b);

 private:
  friend class Patch;
  friend struct GraphTestAccess;  // lets tests break invariants

  std::vector<ValueId> insert_node(Op op, std::vector<ValueId> inputs, std::vector<RegionId> regions,
                                   std::vector<Inference> outputs, std::string location, RegionId region,
                                   NodeId anchor);
  void link_before(NodeId node, RegionId region, NodeId anchor);  // invalid anchor: at the end
  void unlink(NodeId node);
  void raise_height(RegionId region, int height);
  void add_use(ValueId value, Use use);
  void remove_use(ValueId value, Use use);
  void move_use(ValueId from, ValueId to, Use use);
  void note_quantization(const Type& type);
  void rename_in_types(ValueId from, ValueId to);
  bool infer_again(NodeId node);  // true when a type or a symbolic value changed
  void propagate_types(
      std::vector<NodeId> nodes);  // infers these again, and users as long as something changes
  void reinfer_region(RegionId region);
  void erase_unchecked(NodeId node);

  std::string name_;
  std::vector<Node> nodes_;
  std::vector<Value> values_;
  std::vector<Region> regions_;
  std::vector<Tap> taps_;
  SymbolRanges symbols_;
  bool has_quantized_types_ = false;  // some type has named a scale
  RegionId insertion_{0};
  std::uint64_t version_ = 0;
};

}  // namespace tenon
