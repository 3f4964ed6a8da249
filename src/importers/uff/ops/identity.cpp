// Identity, and Transpose, which may undo how an image was moved.
#include "importers/uff/node_context.hpp"
#include "ops/transpose.hpp"

#include <fmt/format.h>

#include <set>

namespace tenon::uff {
namespace {

Placed identity(NodeContext& node) {
  node.require_inputs(1, 1);
  return node.placed(0);
}

Placed transpose(NodeContext& node) {
  node.require_inputs(1, 1);
  const auto permutation = node.find_ints("permutation");
  if (!permutation) node.fail("field 'permutation' is missing");
  const std::int64_t rank = node.rank(0);
  Ints perm;
  for (const std::int64_t axis : *permutation) perm.push_back(node.graph_axis(0, axis));
  if (std::set<std::int64_t>(perm.begin(), perm.end()).size() != static_cast<std::size_t>(rank))
    node.fail(fmt::format("field 'permutation' is no permutation of {} axes", rank));
  return {node.transpose(node.placed(0).id, std::move(perm))};
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_identity(uff::Registry& registry) {
  registry.add("Identity", uff::identity);
  registry.add("Transpose", uff::transpose);
}

}  // namespace tenon
