// Importer: builds the Graph of one model from the nodes that its outputs need, and gathers what is wrong
// with them.
#pragma once

#include "base/function_ref.hpp"
#include "importers/tensorflow/import.hpp"
#include "importers/tensorflow/model.hpp"
#include "importers/tensorflow/node_context.hpp"
#include "importers/tensorflow/wiring.hpp"
#include "ir/graph.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace tenon::tensorflow {

// The call of a function whose body is being imported.
struct Call {
  const FunctionDef& function;
  const NodeDef& node;
  const Call* caller = nullptr;
  std::string prefix;  // of the locations of its nodes
};

// The values that the nodes of one wiring have in one region, or in the regions around it.
struct Scope {
  const Wiring& wiring;
  const Scope* outer = nullptr;
  const Call* call = nullptr;
  std::unordered_map<std::uint64_t, ValueId> values = {};  // by Ref; invalid: among the problems
  std::unordered_set<std::uint32_t> done = {};             // nodes
};

// The model, and which of its tensors are its inputs and outputs.
struct ModelView {
  const GraphDef& graph;
  const SignatureDef* signature = nullptr;
  std::shared_ptr<const void> owner;  // keeps the bytes alive
  std::string name;
};

class Importer {
 public:
  Importer(const ModelView& model, const ImportOptions& options);
  Graph run();

  Graph& graph() noexcept { return graph_; }
  Notes& notes() noexcept { return notes_; }
  const std::shared_ptr<const void>& owner() const noexcept { return model_.owner; }
  // The value of an attribute of the function that the scope belongs to.
  std::string_view function_attribute(const Scope& scope, std::string_view name) const;

  // --- control flow, for converters ---
  // A region whose results are what `build` returns.
  RegionId build_region(FunctionRef<Values()> build);
  // The results of the function on these arguments, built into the current region.
  Values call(const Scope& scope, const NodeDef& node, std::string_view function, const Values& arguments);
  using Step = std::function<Values(const Values&)>;
  // while (condition(values)) values = next(values). Handles of arrays do not change and are not carried.
  Values build_loop(const Values& initial, const Step& condition, const Step& next);
  Values build_if(ValueId condition, FunctionRef<Values()> taken, FunctionRef<Values()> otherwise);

 private:
  struct Problem {
    std::string where;
    std::string reason;
  };
  struct Poisoned {};  // thrown where something depends on a poisoned value
  struct Output {
    std::string name;
    Ref ref;
    bool found = false;  // and not asked for
  };

  // --- inputs and outputs ---
  std::vector<Output> find_outputs() const;
  std::vector<std::uint32_t> sinks() const;
  std::vector<bool> fed_nodes() const;
  Ref require(std::string_view name) const;
  std::string_view signature_tensor(std::string_view key, bool input) const;  // empty: no such key
  void add_inputs(Scope& scope, const std::vector<Output>& outputs);
  void add_input(Scope& scope, const std::string& name, Ref ref);
  std::unordered_set<std::uint32_t> needed(const std::vector<Ref>& roots,
                                           const std::unordered_set<std::uint32_t>& cuts) const;
  bool stays_input(const NodeDef& node) const;

  // --- nodes ---
  void import(Scope& scope, const std::vector<Ref>& targets);
  void import_node(Scope& scope, std::uint32_t index);
  Values convert(Scope& scope, std::uint32_t index);
  void import_merge(Scope& scope, std::uint32_t index);
  void import_loop(Scope& scope, std::uint32_t index);
  void define(Scope& scope, std::uint32_t index, const Values& outputs);
  void poison(Scope& scope, std::uint32_t index);
  static bool is_done(const Scope& scope, std::uint32_t index);
  ValueId value(const Scope& scope, Ref ref) const;  // throws Poisoned
  Values values(const Scope& scope, const std::vector<Ref>& refs) const;
  Values import_values(Scope& scope, const std::vector<Ref>& refs);

  // What must be there before the node: its operands, or for a Merge or Exit what its region takes from
  // outside.
  const std::vector<Ref>& dependencies(const Wiring& wiring, std::uint32_t index);
  void outside_of_merge(const Wiring& wiring, std::uint32_t merge, std::vector<Ref>& outside);
  void outside_of_frame(const Wiring& wiring, const Wiring::Frame& frame, std::vector<Ref>& outside,
                        std::vector<std::uint32_t>* enters);
  RegionId build_body(const Values& operands, const std::vector<bool>& carried, std::vector<Type> parameters,
                      const Step& condition, const Step& next);
  bool attempt(FunctionRef<void()> build);

  // --- problems ---
  std::string node_name(const Scope& scope, const NodeDef& node) const;
  void add_problem(const Scope& scope, const NodeDef& node, const std::string& reason);
  void survey(const std::vector<Ref>& roots);
  [[noreturn]] void fail_with_problems() const;
  std::string why_unsupported(const NodeDef& node) const;
  const Wiring& wiring_of(const FunctionDef& function);
  void count_node();

  ModelView model_;
  const ImportOptions& options_;
  Graph graph_;
  Notes notes_;
  Wiring::Functions functions_;
  std::unique_ptr<Wiring> main_;
  std::unordered_map<const FunctionDef*, std::unique_ptr<Wiring>> wirings_;
  std::unordered_map<const Wiring*, std::unordered_map<std::uint32_t, std::vector<Ref>>> dependencies_;
  std::unordered_map<std::uint32_t, std::string> cut_at_;  // nodes of the main graph that are inputs
  std::vector<Problem> problems_;
  std::set<const NodeDef*> listed_;
  std::size_t converted_ = 0;
  std::size_t limit_ = 0;
  int attempts_ = 0;
  int depth_ = 0;
};

}  // namespace tenon::tensorflow
