#include "importers/uff/input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <queue>
#include <set>
#include <string>
#include <unordered_map>

namespace tenon::uff {
namespace {

constexpr std::string_view kBatch = "N";  // the symbol that all inputs share, as TensorRT's implicit batch

std::optional<AxisOrder> declared_order(const MetaGraphDef& def, const NodeDef& node) {
  // Other operations carry a default that says nothing.
  if (node.operation != "Conv" && node.operation != "ConvTranspose" && node.operation != "Pool" &&
      node.operation != "BatchNorm")
    return std::nullopt;
  for (const FieldDef& field : node.fields) {
    if (field.name != "inputs_orders") continue;
    const Data data = read_data(def, field.data);
    if (data.kind != Data::Kind::orders_list) continue;
    const auto orders = read_orders(data);
    if (!orders.empty()) return orders.front();
  }
  return std::nullopt;
}

std::optional<Ints> declared_shape(NodeContext& node) {
  auto shape = node.find_ints("shape");
  if (shape && shape->empty()) shape.reset();  // TensorFlow's unknown rank
  return shape;
}

// The given dims in full: without a batch, it is put in front.
Ints complete(NodeContext& node, const Shape& given, const std::optional<Ints>& declared,
              std::optional<ImageOrder> order) {
  std::optional<std::size_t> rank;
  if (declared) rank = declared->size();
  if (order) rank = *order == ImageOrder::nc ? 2 : (rank && *rank > 2 ? *rank : 4);
  if (!rank || given.size() == *rank) return given;
  if (given.size() + 1 != *rank) {
    node.fail(fmt::format("the given shape has rank {}, expected {}, or {} without the batch", given.size(),
                          *rank, *rank - 1));
  }
  Ints shape = {-1};
  shape.insert(shape.end(), given.begin(), given.end());
  return shape;
}

Dims to_dims(std::string_view input, const Ints& shape) {
  Dims dims;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] >= 0) {
      dims.emplace_back(shape[axis]);
    } else {
      dims.push_back(axis == 0 ? Dim::symbol(std::string(kBatch))
                               : Dim::symbol(fmt::format("{}_{}", input, axis)));
    }
  }
  return dims;
}

Ints permuted(const Ints& shape, const Ints& perm) {
  Ints result;
  for (const std::int64_t axis : perm) result.push_back(shape[static_cast<std::size_t>(axis)]);
  return result;
}

}  // namespace

Channels file_channels(const MetaGraphDef& def, std::string_view input) {
  std::unordered_map<std::string_view, std::vector<const NodeDef*>> users;
  for (const NodeDef& node : def.nodes) {
    for (const std::string_view name : node.inputs) users[name].push_back(&node);
  }
  std::queue<std::string_view> reached({input});
  std::set<std::string_view> seen = {input};
  while (!reached.empty()) {
    for (const NodeDef* node : users[reached.front()]) {
      if (const auto order = declared_order(def, *node)) {
        return order->starts_with("NC") ? Channels::first : Channels::last;
      }
      if (seen.insert(node->id).second) reached.push(node->id);
    }
    reached.pop();
  }
  return Channels::last;
}

std::optional<std::int64_t> declared_batch(const MetaGraphDef& def) {
  std::optional<std::int64_t> batch;
  for (const NodeDef& node : def.nodes) {
    if (node.operation != "Input") continue;
    for (const FieldDef& field : node.fields) {
      if (field.name != "shape") continue;
      const Data data = read_data(def, field.data);
      if (data.kind != Data::Kind::integers) return std::nullopt;
      const Ints shape = read_integers(data, 64);
      if (shape.empty() || shape[0] < 0 || (batch && *batch != shape[0])) return std::nullopt;
      batch = shape[0];
    }
  }
  return batch;
}

Placed import_input(NodeContext& node, const ImportOptions& options) {
  const std::string name(node.def().id);
  node.require_inputs(0, 0);
  const DataType dtype = node.find_dtype("dtype").value_or(DataType::f32);
  const auto declared = declared_shape(node);
  std::optional<ImageOrder> order;
  if (const auto found = options.input_orders.find(name); found != options.input_orders.end())
    order = found->second;

  const Channels channels = file_channels(node.file().def, name);
  const bool caller_first = order == ImageOrder::nchw;
  const bool file_first = channels == Channels::first;
  const bool differ = (order == ImageOrder::nchw || order == ImageOrder::nhwc) && caller_first != file_first;

  Ints shape;  // as the caller has it
  const auto given = options.input_shapes.find(name);
  if (given != options.input_shapes.end()) {
    shape = complete(node, given->second, declared, order);
  } else {
    if (!declared) node.fail("the file does not say which shape it has: one must be given");
    shape = *declared;
    if (differ) {
      shape =
          permuted(shape, caller_first ? channels_to_front(shape.size()) : channels_to_back(shape.size()));
    }
  }
  const bool image = shape.size() > 2;
  if (order && image != (*order != ImageOrder::nc))
    node.fail(fmt::format("the given order does not fit an input of rank {}", shape.size()));

  const ValueId id = node.graph().add_input(name, Type::tensor(dtype, to_dims(name, shape)));
  if (!image) return {id};
  const Channels known = order ? channels : Channels::unknown;
  if (!differ) return {id, false, known};
  if (caller_first) return {id, true, known};
  return {node.transpose(id, channels_to_front(shape.size())), false, known};
}

}  // namespace tenon::uff
