// NodeContext: one node of the file as its converter sees it: operands with their order of axes, fields with
// types, and a builder.
#pragma once

#include "importers/blobs.hpp"
#include "importers/placed.hpp"
#include "importers/uff/model.hpp"
#include "importers/uff/reader.hpp"
#include "importers/uff/registry.hpp"
#include "ir/graph.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::uff {

using Ints = std::vector<std::int64_t>;

// What a converter may want to know of the file as a whole.
struct FileContext {
  const MetaGraphDef& def;
  BlobViews* blobs = nullptr;
  std::optional<std::int64_t> declared_batch{};  // the inputs' first dim, where it is one number
};

class NodeContext {
 public:
  NodeContext(Graph& graph, const FileContext& file, const NodeDef& def, std::vector<Placed> operands)
      : graph_(graph), file_(file), def_(def), operands_(std::move(operands)) {}

  const NodeDef& def() const noexcept { return def_; }
  const FileContext& file() const noexcept { return file_; }
  [[noreturn]] void fail(const std::string& reason) const;

  // --- operands, by position ---
  std::size_t input_count() const noexcept { return operands_.size(); }
  void require_inputs(std::size_t min, std::size_t max) const;
  const Placed& placed(std::size_t i) const { return operands_.at(i); }
  // As the file has it; adds a transposition when it was moved.
  ValueId in_file_order(std::size_t i) { return tenon::in_file_order(graph_, placed(i)); }
  // As [N, C, spatial…], for an operand that lies in that order in the file.
  ValueId as_image(std::size_t i, const AxisOrder& order);
  // With the file's last axis in second place.
  ValueId with_last_axis_second(std::size_t i) { return tenon::with_last_axis_second(graph_, placed(i)); }
  // With the axes of weights in the order that `wanted` lists, such as "NC+", "CN+", "CN".
  ValueId weights(std::size_t i, const AxisOrder& order, std::string_view wanted);
  Dims dims(std::size_t i) const { return file_dims(graph_, placed(i)); }  // fails when the rank is unknown
  std::int64_t rank(std::size_t i) const { return static_cast<std::int64_t>(dims(i).size()); }
  DataType dtype(std::size_t i) const;
  const Tensor* constant(std::size_t i) const noexcept { return graph_.constant(operands_.at(i).id); }
  // Values that are known at import: of a constant, or of shape arithmetic. Nothing when computed.
  std::optional<Dims> known_dims(std::size_t i) const;
  std::optional<Ints> known_ints(std::size_t i) const;

  // --- fields; a wrong kind fails. Asking for a field marks it as understood. A field without a value is as
  // good as none ---
  std::optional<std::int64_t> find_int(std::string_view name);
  std::optional<double> find_number(std::string_view name);
  std::optional<std::string> find_string(std::string_view name);
  std::optional<Ints> find_ints(std::string_view name);
  std::optional<DataType> find_dtype(std::string_view name);
  std::optional<Data> find_data(std::string_view name);
  std::int64_t field_int(std::string_view name);  // required
  double field_number(std::string_view name);     // required
  // One of `names`, as its position; required.
  std::size_t field_choice(std::string_view name, std::initializer_list<std::string_view> names);
  // The order of each of `count` operands; `otherwise` when the file does not say.
  std::vector<AxisOrder> orders(std::vector<AxisOrder> otherwise);
  void ignore_fields(std::initializer_list<std::string_view> names);
  void ignore_all_fields();
  void require_all_fields_understood() const;

  // --- axes ---
  // An axis of operand `i` as the file counts, from the end when negative, → [0, rank).
  std::int64_t file_axis(std::size_t i, std::int64_t axis) const;
  // The same, where it lies in the graph.
  std::int64_t graph_axis(std::size_t i, std::int64_t axis) const;
  // The channels' axis of operand `i` in the file: the last one, unless they are known to come first.
  std::int64_t channel_axis(std::size_t i) const;

  // --- building ---
  Graph& graph() noexcept { return graph_; }
  ValueId add(Op op, std::vector<ValueId> inputs, std::size_t outputs = 0) {
    return graph_.add_node(std::move(op), std::move(inputs), outputs).front();
  }
  ValueId transpose(ValueId value, Ints perm) { return tenon::transpose(graph_, value, std::move(perm)); }
  ValueId ints(const Ints& values);          // constant i64[n]
  ValueId cast(ValueId value, DataType to);  // the value itself when it is of that dtype
  // The result of an operation on images in that order.
  Placed image(ValueId id, const AxisOrder& order);

 private:
  std::optional<Data> find(std::string_view name, Data::Kind kind);

  Graph& graph_;
  const FileContext& file_;
  const NodeDef& def_;
  std::vector<Placed> operands_;
  std::set<std::string_view> understood_;
};

}  // namespace tenon::uff
