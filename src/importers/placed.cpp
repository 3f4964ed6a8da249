#include "importers/placed.hpp"

#include "base/check.hpp"
#include "ops/transpose.hpp"

#include <algorithm>
#include <numeric>

namespace tenon {
namespace {

const Dims& known_rank_dims(const Graph& graph, ValueId value) {
  const auto& dims = graph.type(value).as_tensor().dims;
  TENON_REQUIRE(dims.has_value(), "the rank of an operand is not known");
  return *dims;
}

std::vector<std::int64_t> identity_permutation(std::size_t rank) {
  std::vector<std::int64_t> perm(rank);
  std::iota(perm.begin(), perm.end(), 0);
  return perm;
}

}  // namespace

std::vector<std::int64_t> channels_to_front(std::size_t rank) {
  auto perm = identity_permutation(rank);
  if (rank > 2) std::rotate(perm.begin() + 1, perm.end() - 1, perm.end());
  return perm;
}

std::vector<std::int64_t> channels_to_back(std::size_t rank) {
  auto perm = identity_permutation(rank);
  if (rank > 2) std::rotate(perm.begin() + 1, perm.begin() + 2, perm.end());
  return perm;
}

std::int64_t moved_axis(std::int64_t axis, std::int64_t rank) {
  if (axis == 0) return 0;
  return axis == rank - 1 ? 1 : axis + 1;
}

ValueId transpose(Graph& graph, ValueId value, std::vector<std::int64_t> perm) {
  return perm == identity_permutation(perm.size()) ? value
                                                   : graph.add(op::Transpose{std::move(perm)}, {value});
}

ValueId in_file_order(Graph& graph, const Placed& value) {
  if (!value.moved) return value.id;
  return transpose(graph, value.id, channels_to_back(known_rank_dims(graph, value.id).size()));
}

ValueId with_last_axis_second(Graph& graph, const Placed& value) {
  if (value.moved) return value.id;
  return transpose(graph, value.id, channels_to_front(known_rank_dims(graph, value.id).size()));
}

Dims file_dims(const Graph& graph, const Placed& value) {
  Dims dims = known_rank_dims(graph, value.id);
  if (value.moved) std::rotate(dims.begin() + 1, dims.begin() + 2, dims.end());
  return dims;
}

bool in_order_without(const Graph& graph, const Placed& value, const std::set<std::int64_t>& gone) {
  if (!value.moved) return true;
  std::int64_t before = -1;
  const auto in_file = channels_to_front(known_rank_dims(graph, value.id).size());
  for (std::size_t axis = 0; axis < in_file.size(); ++axis) {
    if (gone.count(static_cast<std::int64_t>(axis)) != 0) continue;
    if (in_file[axis] < before) return false;
    before = in_file[axis];
  }
  return true;
}

}  // namespace tenon
