// NodeContext: one source node as its converter sees it: operands, attributes with types and defaults, and a
// builder.
#pragma once

#include "importers/tensorflow/model.hpp"
#include "importers/tensorflow/registry.hpp"
#include "importers/tensorflow/wiring.hpp"
#include "ir/graph.hpp"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::tensorflow {

class Importer;
class NodeContext;
struct Scope;

using Values = std::vector<ValueId>;
using Ints = std::vector<std::int64_t>;

// What is known about a value beyond its type.
struct Notes {
  // Handles of TensorArrays: the contents travel along the flow, as a sequence.
  struct Array {
    bool dynamic = false;  // grows when written behind its end
  };
  // The result of SpaceToBatchND.
  struct SpaceToBatch {
    ValueId source;
    Ints block;
    Ints pads;  // begins, then ends
  };
  // A convolution of such a result without padding or stride: `build` makes it on other data, with a
  // dilation and pads.
  struct Dilated {
    SpaceToBatch batches;
    std::function<ValueId(NodeContext& node, ValueId x, const Ints& dilation, const Ints& pads)> build;
  };
  std::map<ValueId, Array> arrays;
  std::map<ValueId, SpaceToBatch> space_to_batch;
  std::map<ValueId, Dilated> dilated;
};

class NodeContext {
 public:
  NodeContext(Importer& importer, Scope& scope, std::uint32_t index, Values operands);

  const NodeDef& def() const noexcept { return def_; }
  [[noreturn]] void fail(const std::string& reason) const;

  // --- operands, by position ---
  std::size_t input_count() const noexcept { return operands_.size(); }
  ValueId input(std::size_t i) const;  // fails when absent
  const Values& inputs() const noexcept { return operands_; }
  void require_inputs(std::size_t min, std::size_t max) const;
  void require_inputs(std::size_t count) const { require_inputs(count, count); }
  const Type& type(std::size_t i) const { return type_of(input(i)); }
  DataType dtype(std::size_t i) const { return type(i).as_tensor().dtype; }
  const Dims* dims(std::size_t i) const { return dims_of(input(i)); }  // null when the rank is unknown
  std::int64_t rank(std::size_t i) const { return rank_of(input(i)); }
  const Tensor* constant(std::size_t i) const noexcept;
  // Integers that are known at import: a constant, or the known result of shape arithmetic.
  std::optional<Ints> known_ints(std::size_t i) const { return known_ints_of(input(i)); }
  std::optional<Dims> known_dims(std::size_t i) const;  // also where they depend on the shapes of inputs
  Ints require_ints(std::size_t i, std::string_view what) const;  // fails when not known
  std::int64_t require_int(std::size_t i, std::string_view what) const;
  std::optional<double> known_number(std::size_t i) const;  // a constant of one element
  double require_number(std::size_t i, std::string_view what) const;

  bool uses(std::uint32_t port) const;  // whether anything takes that output

  // --- attributes; a wrong kind fails. Asking for an attribute marks it as understood ---
  bool has_attr(std::string_view name) const noexcept;
  std::optional<std::int64_t> find_int(std::string_view name);
  std::int64_t attr_int(std::string_view name, std::int64_t otherwise) {
    return find_int(name).value_or(otherwise);
  }
  bool attr_bool(std::string_view name, bool otherwise);
  float attr_float(std::string_view name, float otherwise);
  std::string attr_string(std::string_view name, std::string_view otherwise = {});
  std::vector<std::string> attr_strings(std::string_view name);
  Ints attr_ints(std::string_view name);
  std::vector<float> attr_floats(std::string_view name);
  std::optional<DataType> find_dtype(std::string_view name);
  DataType attr_dtype(std::string_view name, DataType otherwise) {
    return find_dtype(name).value_or(otherwise);
  }
  std::optional<std::int64_t> find_dtype_code(std::string_view name);
  std::optional<ShapeDef> find_shape(std::string_view name);
  std::string_view attr_tensor(std::string_view name);  // an encoded TensorProto; fails when absent
  std::vector<std::string> attr_functions(std::string_view name);  // names; one, or those of a list
  // One of `names`, as its position; fails for another text.
  std::size_t attr_choice(std::string_view name, std::initializer_list<std::string_view> names,
                          std::size_t otherwise);
  void ignore_attrs(std::initializer_list<std::string_view> names);
  void require_all_attrs_understood() const;

  // --- building ---
  Graph& graph() const noexcept;
  Importer& importer() const noexcept { return importer_; }
  Scope& scope() const noexcept { return scope_; }
  Notes& notes() const noexcept;
  ValueId add(Op op, Values inputs) const { return graph().add(std::move(op), std::move(inputs)); }
  Values add_node(Op op, Values inputs, std::size_t outputs = 0) const {
    return graph().add_node(std::move(op), std::move(inputs), outputs);
  }
  const Type& type_of(ValueId id) const { return graph().type(id); }
  DataType dtype_of(ValueId id) const { return type_of(id).as_tensor().dtype; }
  const Dims* dims_of(ValueId id) const;
  std::int64_t rank_of(ValueId id) const;  // fails when unknown
  std::optional<Ints> known_ints_of(ValueId id) const;
  ValueId ints(const Ints& values) const;  // constant i64[n]
  ValueId int_scalar(std::int64_t value) const;

 private:
  std::optional<std::string_view> find(std::string_view name);  // the encoded value

  Importer& importer_;
  Scope& scope_;
  std::uint32_t index_;
  const NodeDef& def_;
  Values operands_;
  std::set<std::string_view> understood_;
};

// Names of the functions in an attribute's value.
std::vector<std::string> function_names(const AttributeDef& attribute);

}  // namespace tenon::tensorflow
