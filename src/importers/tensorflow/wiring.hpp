// Wiring: the edges of one graph or function body, by position instead of by name, and what its control flow
// nodes mean.
//
// Conditions of the old kind are Switch and Merge nodes: what a Switch gives out exists only when its
// predicate is false (port 0) or true (port 1), and a Merge takes whichever of its operands exists. Every
// node has a condition: the predicates, with their values, under which it runs. Loops of the old kind are
// frames: each loop variable is a Merge of an Enter and a NextIteration, a Switch on the frame's LoopCond,
// and an Exit.
#pragma once

#include "importers/tensorflow/model.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tenon::tensorflow {

// Output `port` of node `node`.
struct Ref {
  std::uint32_t node = 0;
  std::uint32_t port = 0;
  bool operator==(const Ref&) const = default;
  std::uint64_t key() const noexcept { return (std::uint64_t{node} << 32) | port; }
};

enum class Flow : std::uint8_t { none, enter, exit, next_iteration, switch_, merge, loop_cond };

class Wiring {
 public:
  struct Frame {
    struct Variable {
      std::uint32_t merge = 0;
      Ref initial;  // operand of the Enter
      Ref next;     // operand of the NextIteration
    };
    std::string_view name;
    std::vector<Variable> variables;
    std::vector<std::pair<std::uint32_t, std::size_t>> switches;  // with their variables
    std::vector<std::pair<std::uint32_t, std::size_t>> exits;     // likewise
    Ref condition;                                                // operand of the LoopCond
    bool has_condition = false;
  };

  // `functions` holds the functions of the file by name: their results have names that bodies refer to.
  using Functions = std::unordered_map<std::string_view, const FunctionDef*>;
  Wiring(const GraphDef& graph, const Functions& functions);
  Wiring(const FunctionDef& function, const Functions& functions);

  std::size_t size() const noexcept { return nodes_.size(); }
  // A parameter of a function is a node of operator "_Arg".
  const NodeDef& node(std::uint32_t index) const { return *nodes_[index]; }
  const std::vector<Ref>& inputs(std::uint32_t index) const { return inputs_[index]; }
  const std::vector<std::string>& bad_inputs(std::uint32_t index) const;  // names that nothing has
  Flow flow(std::uint32_t index) const { return flow_[index]; }
  bool is_used(Ref ref) const { return used_.count(ref.key()) != 0; }
  bool is_consumed(std::uint32_t index) const { return consumed_[index]; }        // by a data edge
  bool is_controlling(std::uint32_t index) const { return controlling_[index]; }  // through a control edge
  // Outside of every loop and condition.
  bool is_unconditional(std::uint32_t index) const {
    return frame_depth_[index] == 0 && condition_of_[index] == 0;
  }
  std::optional<std::uint32_t> find(std::string_view name) const;
  // "node", "node:1" or, in a function, "node:output:0" and the names of parameters. Nothing when there is
  // none.
  std::optional<Ref> resolve(std::string_view text) const;
  const std::vector<Ref>& results() const noexcept { return results_; }  // of a function

  // --- conditions ---
  struct Literal {
    Ref predicate;
    bool value = false;
    bool operator==(const Literal&) const = default;
  };
  using Condition = std::vector<Literal>;
  const Condition& condition(Ref ref) const { return conditions_[ref_condition(ref)]; }
  // The predicate that a Merge decides between its two operands by, and which operand stands for true.
  struct Choice {
    Ref predicate;
    std::size_t when_true = 0;
  };
  std::optional<Choice> choice(std::uint32_t merge) const;
  // Merges of the same predicate that do not depend on each other.
  const std::vector<std::uint32_t>& merge_group(std::uint32_t merge) const;

  // --- frames ---
  bool is_loop_merge(std::uint32_t index) const { return frame_of_merge_.count(index) != 0; }
  // Of an Exit, a loop's Merge, or a Switch on a LoopCond; null when there is none.
  const Frame* frame(std::uint32_t index) const;
  std::string_view frame_name(std::uint32_t enter) const;

 private:
  template <class Nodes>
  void connect(const Nodes& nodes);
  void find_frames();
  void find_frame_depths();
  void find_conditions();
  std::vector<std::uint32_t> order() const;
  std::size_t ref_condition(Ref ref) const;
  Ref origin(Ref ref) const;  // before nodes that only pass a value on
  std::size_t intern(Condition condition);
  std::size_t unite(std::size_t a, std::size_t b);
  std::optional<std::uint32_t> merge_of(std::uint32_t index) const;

  const Functions& functions_;
  std::vector<NodeDef> parameters_;
  std::vector<const NodeDef*> nodes_;
  std::unordered_map<std::string_view, std::uint32_t> names_;
  std::vector<std::vector<Ref>> inputs_;
  std::vector<std::vector<std::uint32_t>> controls_;
  std::unordered_map<std::uint32_t, std::vector<std::string>> bad_inputs_;
  std::vector<Flow> flow_;
  std::unordered_set<std::uint64_t> used_;
  std::vector<bool> consumed_;
  std::vector<bool> controlling_;
  std::vector<Ref> results_;
  bool in_function_ = false;

  std::vector<Frame> frames_;
  std::vector<int> frame_depth_;  // by node: loops around it
  std::unordered_map<std::uint32_t, std::pair<std::size_t, std::size_t>> frame_of_merge_;  // frame, variable

  std::vector<Condition> conditions_{Condition{}};  // the first is "always"
  std::map<std::vector<std::uint64_t>, std::size_t> interned_;
  std::vector<std::size_t> condition_of_;  // by node
  std::vector<std::size_t> switch_false_;  // by node, of Switch nodes: the condition of port 0
  std::vector<std::size_t> switch_true_;   // likewise of port 1
  std::unordered_map<std::uint32_t, Choice> choices_;
  std::unordered_map<std::uint32_t, std::size_t> group_of_;
  std::vector<std::vector<std::uint32_t>> groups_;
};

}  // namespace tenon::tensorflow
