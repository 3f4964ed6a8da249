// NodeContext: one source node as its converter sees it: operands, attributes with types and defaults, and a
// builder.
#pragma once

#include "base/function_ref.hpp"
#include "importers/onnx/model.hpp"
#include "importers/onnx/registry.hpp"
#include "ir/graph.hpp"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::onnx {

class Importer;
struct Scope;

// Attributes that a function's caller has set, by name.
using AttributeMap = std::map<std::string_view, const AttributeDef*>;

class NodeContext {
 public:
  NodeContext(Importer& importer, Scope& scope, const NodeDef& def, std::int64_t version,
              std::vector<ValueId> operands, const AttributeMap* function_attributes);

  const NodeDef& def() const noexcept { return def_; }
  std::int64_t opset() const noexcept { return version_; }  // version of the operator's domain
  [[noreturn]] void fail(const std::string& reason) const;

  // --- operands, by position ---
  std::size_t input_count() const noexcept { return operands_.size(); }  // trailing empty ones left out
  bool has(std::size_t i) const noexcept { return i < operands_.size() && operands_[i].valid(); }
  ValueId input(std::size_t i) const;  // fails when absent
  ValueId optional_input(std::size_t i) const noexcept { return has(i) ? operands_[i] : ValueId{}; }
  const std::vector<ValueId>& inputs() const noexcept { return operands_; }  // absent ones invalid
  void require_inputs(std::size_t min, std::size_t max) const;
  const Type& type(std::size_t i) const;
  DataType dtype(std::size_t i) const { return type(i).as_tensor().dtype; }
  const Dims* dims(std::size_t i) const;   // null when the rank is unknown
  std::int64_t rank(std::size_t i) const;  // fails when unknown
  const Tensor* constant(std::size_t i) const noexcept;
  // Integers that are known at import: a constant, or the known result of shape arithmetic. Nothing when
  // absent or computed.
  std::optional<std::vector<std::int64_t>> known_ints(std::size_t i) const;
  // A constant of one floating-point or integer element.
  std::optional<double> known_number(std::size_t i) const;

  // --- outputs ---
  std::size_t output_count() const noexcept {
    return output_count_;
  }  // trailing unused ones left out, at least 1
  bool wants(std::size_t i) const noexcept { return i < def_.outputs.size() && !def_.outputs[i].empty(); }

  // --- attributes; a wrong kind fails. Asking for an attribute marks it as understood ---
  bool has_attr(std::string_view name) const noexcept;
  std::optional<std::int64_t> find_int(std::string_view name);
  std::optional<float> find_float(std::string_view name);
  std::optional<std::string> find_string(std::string_view name);
  std::optional<std::vector<std::int64_t>> find_ints(std::string_view name);
  std::optional<std::vector<float>> find_floats(std::string_view name);
  std::optional<std::vector<std::string>> find_strings(std::string_view name);
  std::optional<DataType> find_dtype(std::string_view name);
  std::optional<Tensor> find_tensor(std::string_view name);
  std::optional<Tensor> find_sparse_tensor(std::string_view name);
  std::optional<Type> find_type(std::string_view name);
  const GraphDef& attr_graph(std::string_view name);
  std::int64_t attr_int(std::string_view name);  // required
  std::int64_t attr_int(std::string_view name, std::int64_t otherwise) {
    return find_int(name).value_or(otherwise);
  }
  bool attr_bool(std::string_view name, bool otherwise) { return attr_int(name, otherwise ? 1 : 0) != 0; }
  float attr_float(std::string_view name, float otherwise) { return find_float(name).value_or(otherwise); }
  std::string attr_string(std::string_view name, std::string otherwise) {
    return find_string(name).value_or(std::move(otherwise));
  }
  std::vector<std::int64_t> attr_ints(std::string_view name) {
    return find_ints(name).value_or(std::vector<std::int64_t>());
  }
  // One of `names`, as its position; fails for another text.
  std::size_t attr_choice(std::string_view name, std::initializer_list<std::string_view> names,
                          std::size_t otherwise);
  // Attributes of old or training forms that change nothing here.
  void ignore_attrs(std::initializer_list<std::string_view> names);
  void require_all_attrs_understood() const;

  // --- building ---
  Graph& graph() noexcept;
  ValueId add(Op op, std::vector<ValueId> inputs) { return graph().add(std::move(op), std::move(inputs)); }
  std::vector<ValueId> add_node(Op op, std::vector<ValueId> inputs, std::size_t outputs = 0) {
    return graph().add_node(std::move(op), std::move(inputs), outputs);
  }
  const Type& type_of(ValueId id) const;
  ValueId ints(const std::vector<std::int64_t>& values);  // constant i64[n]
  // A region made of `body`: parameters of these types under the body's names, then its nodes and results.
  RegionId import_region(const GraphDef& body, const std::vector<Type>& parameters);
  // The nodes of `body` right here, its inputs being `arguments`; returns its outputs.
  std::vector<ValueId> inline_graph(const GraphDef& body, const std::vector<ValueId>& arguments);
  // What this node would mean as another operator of the standard domain, of that opset, with its own
  // attributes and these operands.
  std::vector<ValueId> convert_as(std::string_view op_type, std::int64_t opset,
                                  std::vector<ValueId> operands);
  // Runs `build`; when it refuses, or returns false, everything that it added to the graph is undone and the
  // result is false. A model may ask for only so many attempts; further ones are false at once.
  bool attempt(FunctionRef<bool()> build);

 private:
  const AttributeDef* find(std::string_view name, AttributeDef::Kind kind);

  Importer& importer_;
  Scope& scope_;
  const NodeDef& def_;
  std::int64_t version_;
  std::vector<ValueId> operands_;
  std::size_t output_count_;
  std::vector<std::pair<std::string_view, const AttributeDef*>> attributes_;  // references resolved
  std::set<std::string_view> understood_;
};

}  // namespace tenon::onnx
