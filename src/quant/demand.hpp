// Demand: who asks for integers, and which tensors share a scale. What placement decides before it writes
// anything.
#pragma once

#include "ir/graph.hpp"

#include <tenon/int8.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tenon::quant {

// By name of an observed value.
using Ranges = std::map<std::string, TensorRange, std::less<>>;

// What a node may be to integers.
enum class Role : std::uint8_t {
  none,       // reads and writes floats
  product,    // convolution or product with constant weights: asks for integers
  attention,  // asks for integers too, for queries, keys and values
  sum,        // of two tensors: takes integers where its result is asked for in integers
  mean,       // likewise
  moving,     // passes on what it gets: results have the scale of what goes in
};

// How numbers become integers.
struct Quanta {
  float scale = 1;
  std::int64_t zero = 0;
  DataType dtype = DataType::i8;
};

// Nothing where the range holds nothing but zeros, or is none.
std::optional<Quanta> quanta_of(const TensorRange& range, ActivationScheme scheme);

class Demand {
 public:
  // `kept_float`: nodes that neither ask for integers nor read them.
  Demand(const Graph& graph, const Ranges& ranges, ActivationScheme scheme, std::vector<NodeId> nodes,
         std::set<std::uint32_t> kept_float);

  Role role(NodeId id) const { return roles_.at(id.value); }
  bool runs_on_integers(NodeId product) const;
  bool is_asked(ValueId id) const { return asked_groups_.contains(group(id)); }
  // Of an f32 value that is asked for: those of its group. The widest range among the members that are read
  // as integers counts, so that what goes into a pool or a concatenation has the scale of what comes out.
  std::optional<Quanta> quanta(ValueId id) const;
  // Whether the use, of a value that is asked for, reads integers.
  bool reads_integers(const Use& use) const;
  // Why the node stays float; empty when it does not, and for roles none and moving.
  std::string obstacle(NodeId id) const;

 private:
  Role find_role(NodeId id) const;
  void join_around(const Node& node);
  std::uint32_t group(ValueId id) const;
  const TensorRange* range_of(ValueId id) const;
  std::string value_obstacle(ValueId id) const;
  std::string product_obstacle(const Node& node) const;
  std::string attention_obstacle(const Node& node) const;
  std::string follower_obstacle(NodeId id) const;
  ValueId rounded_result(const Node& node) const;
  std::optional<std::size_t> fused_operand(NodeId sum) const;
  bool ask(ValueId id);
  bool ask_all();

  const Graph& graph_;
  const Ranges& ranges_;
  ActivationScheme scheme_;
  std::vector<NodeId> nodes_;
  std::set<std::uint32_t> kept_float_;
  std::map<std::uint32_t, Role> roles_;                    // by node
  std::vector<std::uint32_t> parent_;                      // by value: union-find of groups
  std::map<std::uint32_t, std::vector<ValueId>> members_;  // by group: those with a range
  std::vector<bool> asked_;                                // by value: a node reads it as integers
  std::set<std::uint32_t> asked_groups_;
};

// The axis of output channels of a product's constant weights; or why it has none.
struct ChannelAxis {
  std::size_t axis = 0;
  std::string obstacle;
};
ChannelAxis channel_axis(const Graph& graph, const Node& product);

}  // namespace tenon::quant
