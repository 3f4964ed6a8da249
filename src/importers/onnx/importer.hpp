// Importer: builds the Graph of one model, node by node, and gathers what is wrong with it.
#pragma once

#include "base/function_ref.hpp"
#include "importers/onnx/import.hpp"
#include "importers/onnx/model.hpp"
#include "importers/onnx/node_context.hpp"
#include "importers/onnx/tensor_data.hpp"
#include "importers/onnx/types.hpp"
#include "ir/graph.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tenon {
struct PluginEntry;
}

namespace tenon::onnx {

using Opsets = std::map<std::string_view, std::int64_t>;

// One function that is being inlined.
struct FunctionCall {
  const FunctionDef& function;
  AttributeMap attributes;
  Opsets opsets;
  std::string prefix;  // of the locations of its nodes
  const FunctionCall* caller = nullptr;
};

// The values of one graph that is being imported.
struct Scope {
  const Scope* outer = nullptr;        // whose values may be captured
  const FunctionCall* call = nullptr;  // the function that the graph belongs to
  std::unordered_map<std::string_view, ValueId>
      values{};                         // invalid: poisoned, its definition is among the problems
  std::set<std::string_view> absent{};  // inputs that the function's caller left out
};

class Importer {
 public:
  Importer(const ModelDef& model, TensorLoader& tensors, const OnnxOptions& options);
  Graph run();

  Graph& graph() noexcept { return graph_; }
  TensorLoader& tensors() noexcept { return tensors_; }
  RegionId import_region(const GraphDef& body, const std::vector<Type>& parameters, const Scope& outer);
  std::vector<ValueId> inline_graph(const GraphDef& body, const std::vector<ValueId>& arguments,
                                    const Scope& outer);
  bool attempt(FunctionRef<bool()> build);

 private:
  struct Problem {
    std::string where;
    std::string reason;
  };
  struct Poisoned {};  // thrown where something depends on a poisoned value

  void add_inputs(Scope& scope);
  Dims given_dims(const std::string& input, const Shape& shape, const std::optional<Dims>& declared);
  void add_outputs(const Scope& scope);
  void import_constants(const GraphDef& def, Scope& scope);
  void import_nodes(const std::vector<NodeDef>& nodes, Scope& scope);
  void import_node(const NodeDef& node, std::size_t index, Scope& scope);
  std::vector<ValueId> convert(const NodeDef& node, std::vector<ValueId> operands, Scope& scope);
  std::vector<ValueId> inline_function(const FunctionDef& function, const NodeDef& node,
                                       const std::vector<ValueId>& operands, const Scope& scope,
                                       std::string prefix);
  void define(const NodeDef& node, const std::vector<ValueId>& outputs, Scope& scope);
  void poison(const NodeDef& node, Scope& scope);
  // Lists the unsupported nodes of what cannot be imported because of another problem.
  void survey(const NodeDef& node, std::size_t index, const FunctionCall* call);
  void survey_inside(const NodeDef& node, const FunctionCall* call);

  const FunctionDef* find_function(const NodeDef& node) const;
  FunctionCall make_call(const FunctionDef& function, std::string prefix, const FunctionCall* caller) const;
  std::optional<std::int64_t> version(std::string_view domain, const FunctionCall* call) const;
  std::shared_ptr<const PluginEntry> plugin_of(const NodeDef& node, const FunctionCall* call) const;
  std::string why_unsupported(const NodeDef& node, const FunctionCall* call) const;  // empty: supported
  ValueId operand(std::string_view name, const Scope& scope) const;  // invalid: an optional input left out
  ValueId result(std::string_view name, const Scope& scope) const;   // never invalid
  void add_problem(const NodeDef& node, std::size_t index, const FunctionCall* call,
                   const std::string& reason);
  [[noreturn]] void fail_with_problems() const;

  const ModelDef& model_;
  TensorLoader& tensors_;
  const OnnxOptions& options_;
  Graph graph_;
  SymbolTable symbols_;
  Opsets opsets_;
  std::map<std::string, const FunctionDef*> functions_;
  std::vector<Problem> problems_;
  std::set<const NodeDef*> listed_;  // nodes among the problems; those of a function are listed once
  std::set<const FunctionDef*> surveyed_;
  std::size_t inlined_nodes_ = 0;
  int attempts_ = 0;
  int depth_ = 0;
};

}  // namespace tenon::onnx
