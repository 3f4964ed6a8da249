#include "importers/uff/node_context.hpp"

#include "base/text.hpp"
#include "ops/cast.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace tenon::uff {
namespace {

constexpr std::size_t kMaxList = 4096;  // elements of a list in a field

bool is_identity(const Ints& perm) {
  for (std::size_t i = 0; i < perm.size(); ++i) {
    if (perm[i] != static_cast<std::int64_t>(i)) return false;
  }
  return true;
}

// Where each axis of a tensor of that rank lies, by the letter of its order: the positions of 'N', 'C', and
// of the spatial axes in their order. Nothing when the order does not fit the rank.
struct AxisPositions {
  std::int64_t n = 0;
  std::int64_t c = 0;
  Ints spatial;
};

std::optional<AxisPositions> positions(const AxisOrder& order, std::size_t rank) {
  const std::size_t plus = order.find('+');
  if (rank < 2 || (plus == AxisOrder::npos && rank != 2)) return std::nullopt;
  AxisPositions result;
  std::int64_t axis = 0;
  for (const char letter : order) {
    if (letter == '+') {
      for (std::size_t i = 2; i < rank; ++i) result.spatial.push_back(axis++);
    } else {
      (letter == 'N' ? result.n : result.c) = axis++;
    }
  }
  return result;
}

Ints permutation(const AxisPositions& from, std::string_view wanted) {
  Ints perm;
  for (const char letter : wanted) {
    if (letter == '+') {
      perm.insert(perm.end(), from.spatial.begin(), from.spatial.end());
    } else {
      perm.push_back(letter == 'N' ? from.n : from.c);
    }
  }
  return perm;
}

}  // namespace

void NodeContext::fail(const std::string& reason) const { throw ModelError(reason); }

void NodeContext::require_inputs(std::size_t min, std::size_t max) const {
  if (input_count() >= min && input_count() <= max) return;
  fail(min == max ? fmt::format("has {} inputs, expected {}", input_count(), min)
                  : fmt::format("has {} inputs, expected {} to {}", input_count(), min, max));
}

ValueId NodeContext::as_image(std::size_t i, const AxisOrder& order) {
  const std::size_t rank = dims(i).size();
  const auto from = positions(order, rank);
  if (!from) fail(fmt::format("input {} has rank {}, which does not fit the order {}", i, rank, order));
  const Ints perm = permutation(*from, "NC+");
  if (perm == channels_to_front(rank)) return with_last_axis_second(i);
  return transpose(in_file_order(i), perm);
}

ValueId NodeContext::weights(std::size_t i, const AxisOrder& order, std::string_view wanted) {
  const std::size_t rank = dims(i).size();
  const auto from = positions(order, rank);
  if (!from) fail(fmt::format("input {} has rank {}, which does not fit the order {}", i, rank, order));
  return transpose(in_file_order(i), permutation(*from, wanted));
}

Placed NodeContext::image(ValueId id, const AxisOrder& order) {
  const std::size_t rank = graph_.type(id).as_tensor().dims->size();
  const Ints perm = permutation(*positions(order, rank), "NC+");
  if (perm == channels_to_front(rank)) return {id, rank > 2, Channels::last};
  if (is_identity(perm)) return {id, false, Channels::first};
  Ints inverse(rank);
  for (std::size_t axis = 0; axis < rank; ++axis)
    inverse[static_cast<std::size_t>(perm[axis])] = static_cast<std::int64_t>(axis);
  return {transpose(id, std::move(inverse))};
}

DataType NodeContext::dtype(std::size_t i) const { return graph_.type(operands_.at(i).id).as_tensor().dtype; }

std::optional<Dims> NodeContext::known_dims(std::size_t i) const {
  const Tensor* tensor = constant(i);
  if (tensor == nullptr) return graph_.value(operands_.at(i).id).symbolic;
  if (tensor->rank() > 1 || tensor->elements() > static_cast<std::int64_t>(kMaxList)) return std::nullopt;
  Dims dims;
  if (tensor->dtype() == DataType::i64) {
    for (const std::int64_t value : tensor->values<std::int64_t>()) dims.emplace_back(value);
  } else if (tensor->dtype() == DataType::i32) {
    for (const std::int32_t value : tensor->values<std::int32_t>()) dims.emplace_back(value);
  } else {
    return std::nullopt;
  }
  return dims;
}

std::optional<Ints> NodeContext::known_ints(std::size_t i) const {
  const auto dims = known_dims(i);
  if (!dims) return std::nullopt;
  Ints ints;
  for (const Dim& dim : *dims) {
    if (!dim.is_const()) return std::nullopt;
    ints.push_back(dim.value());
  }
  return ints;
}

std::optional<Data> NodeContext::find_data(std::string_view name) {
  for (const FieldDef& field : def_.fields) {
    if (field.name != name) continue;
    understood_.insert(field.name);
    const Data data = read_data(file_.def, field.data);
    if (data.kind != Data::Kind::none) return data;
  }
  return std::nullopt;
}

std::optional<Data> NodeContext::find(std::string_view name, Data::Kind kind) {
  auto data = find_data(name);
  if (data && data->kind != kind) {
    fail(fmt::format("field '{}' is {}, expected {}", name, kind_name(data->kind), kind_name(kind)));
  }
  return data;
}

std::optional<std::int64_t> NodeContext::find_int(std::string_view name) {
  const auto data = find(name, Data::Kind::integer);
  if (!data) return std::nullopt;
  return static_cast<std::int64_t>(data->number);
}

std::optional<double> NodeContext::find_number(std::string_view name) {
  const auto data = find_data(name);
  if (!data) return std::nullopt;
  // Python's whole numbers are written as integers.
  if (data->kind == Data::Kind::integer) return static_cast<double>(static_cast<std::int64_t>(data->number));
  if (data->kind != Data::Kind::real)
    fail(fmt::format("field '{}' is {}, expected a number", name, kind_name(data->kind)));
  return std::bit_cast<double>(data->number);
}

std::optional<std::string> NodeContext::find_string(std::string_view name) {
  const auto data = find(name, Data::Kind::string);
  if (!data) return std::nullopt;
  return std::string(data->bytes);
}

std::optional<Ints> NodeContext::find_ints(std::string_view name) {
  const auto data = find(name, Data::Kind::integers);
  if (!data) return std::nullopt;
  return read_integers(*data, kMaxList);
}

std::optional<DataType> NodeContext::find_dtype(std::string_view name) {
  const auto data = find(name, Data::Kind::dtype);
  if (!data) return std::nullopt;
  return data_type(data->number);
}

std::int64_t NodeContext::field_int(std::string_view name) {
  const auto value = find_int(name);
  if (!value) fail(fmt::format("field '{}' is missing", name));
  return *value;
}

double NodeContext::field_number(std::string_view name) {
  const auto value = find_number(name);
  if (!value) fail(fmt::format("field '{}' is missing", name));
  return *value;
}

std::size_t NodeContext::field_choice(std::string_view name, std::initializer_list<std::string_view> names) {
  const auto value = find_string(name);
  if (!value) fail(fmt::format("field '{}' is missing", name));
  const auto* const found = std::find(names.begin(), names.end(), *value);
  if (found == names.end()) fail(fmt::format("field '{}' has the value {}", name, quote(*value)));
  return static_cast<std::size_t>(found - names.begin());
}

std::vector<AxisOrder> NodeContext::orders(std::vector<AxisOrder> otherwise) {
  ignore_fields({"outputs_orders"});  // the output has the first input's
  const auto data = find("inputs_orders", Data::Kind::orders_list);
  if (!data) return otherwise;
  std::vector<AxisOrder> orders = read_orders(*data);
  if (orders.size() != otherwise.size()) {
    fail(fmt::format("field 'inputs_orders' has {} orders, expected {}", orders.size(), otherwise.size()));
  }
  return orders;
}

void NodeContext::ignore_fields(std::initializer_list<std::string_view> names) {
  understood_.insert(names.begin(), names.end());
}

void NodeContext::ignore_all_fields() {
  for (const FieldDef& field : def_.fields) understood_.insert(field.name);
}

void NodeContext::require_all_fields_understood() const {
  for (const FieldDef& field : def_.fields) {
    if (understood_.count(field.name) == 0 && read_data(file_.def, field.data).kind != Data::Kind::none)
      fail(fmt::format("field {} is not known", quote(field.name)));
  }
}

std::int64_t NodeContext::file_axis(std::size_t i, std::int64_t axis) const {
  const std::int64_t axes = rank(i);
  if (axis < -axes || axis >= axes) fail(fmt::format("axis {} is outside of [{}, {})", axis, -axes, axes));
  return axis < 0 ? axis + axes : axis;
}

std::int64_t NodeContext::graph_axis(std::size_t i, std::int64_t axis) const {
  const std::int64_t in_file = file_axis(i, axis);
  return placed(i).moved ? moved_axis(in_file, rank(i)) : in_file;
}

std::int64_t NodeContext::channel_axis(std::size_t i) const {
  const std::int64_t axes = rank(i);
  return placed(i).channels == Channels::first && axes > 1 ? 1 : axes - 1;
}

ValueId NodeContext::ints(const Ints& values) {
  return graph_.add_constant(
      Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, std::span(values)));
}

ValueId NodeContext::cast(ValueId value, DataType to) {
  return graph_.type(value).as_tensor().dtype == to ? value : add(op::Cast{.to = to}, {value});
}

}  // namespace tenon::uff
