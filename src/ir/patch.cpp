#include "ir/patch.hpp"

#include "base/check.hpp"
#include "ir/constant.hpp"
#include "ir/infer.hpp"

namespace tenon {

bool is_refinement(const Type& from, const Type& to) {
  if (from.kind() != to.kind()) return false;
  if (from.kind() != Type::Kind::tensor) {
    if (from.kind() == Type::Kind::map && from.key() != to.key()) return false;
    return is_refinement(from.element(), to.element());
  }
  const TensorType& x = from.as_tensor();
  const TensorType& y = to.as_tensor();
  if (x.dtype != y.dtype || x.layout != y.layout || x.quant != y.quant) return false;
  if (!x.dims) return true;
  if (!y.dims || x.dims->size() != y.dims->size()) return false;
  for (std::size_t i = 0; i < x.dims->size(); ++i) {
    if (!(*x.dims)[i].is_unknown() && (*x.dims)[i] != (*y.dims)[i]) return false;
  }
  return true;
}

Patch::Patch(const Graph& graph, NodeId root) : graph_(graph), root_(root), version_(graph.version()) {
  set_location(graph.node(root).location);
}

std::vector<ValueId> Patch::add_node(Op op, std::vector<ValueId> inputs, std::size_t outputs) {
  std::vector<Inference> inferred = infer_node(op, *this, graph_, inputs, {}, outputs);
  const NodeId producer{static_cast<std::uint32_t>(graph_.nodes_.size() + nodes_.size())};
  std::vector<ValueId> ids;
  for (std::uint32_t i = 0; i < inferred.size(); ++i) {
    ids.emplace_back(static_cast<std::uint32_t>(graph_.values_.size() + values_.size()));
    Value value;
    value.type = inferred[i].type;
    value.symbolic = inferred[i].value;
    value.producer = producer;
    value.index = i;
    values_.push_back(std::move(value));
  }
  nodes_.push_back({std::move(op), std::move(inputs), ids, std::move(inferred), location()});
  return ids;
}

const Value& Patch::value(ValueId id) const {
  const std::size_t known = graph_.values_.size();
  if (id.value < known) return graph_.value(id);
  TENON_CHECK(id.value - known < values_.size(), "value {} does not exist", id.value);
  return values_[id.value - known];
}

const Tensor* Patch::constant(ValueId id) const noexcept {
  const std::size_t known = graph_.values_.size();
  if (id.value < known) return graph_.constant(id);
  if (id.value - known >= values_.size()) return nullptr;
  const NodeId producer = values_[id.value - known].producer;
  const auto* constant = nodes_[producer.value - graph_.nodes_.size()].op.as<op::Constant>();
  return constant == nullptr ? nullptr : &constant->value;
}

bool Patch::can_replace(ValueId from, ValueId to) const {
  return is_refinement(value(from).type, value(to).type);
}

void Patch::splice(RegionId region) {
  TENON_CHECK(graph_.region(region).owner == root_ && graph_.region(region).parameters.empty(),
              "a patch at {} splices a region that it cannot", graph_.node(root_).op.name());
  spliced_.push_back(region);
}

void Patch::replace(ValueId from, ValueId to) {
  TENON_CHECK(from.value < graph_.values_.size() && from != to,
              "a patch replaces value {}, which is not one of the graph", from.value);
  TENON_CHECK(can_replace(from, to), "a patch at {} replaces a value of type {} by one of type {}",
              graph_.node(root_).op.name(), value(from).type.to_string(), value(to).type.to_string());
  for (const auto& replacement : replacements_) {
    TENON_CHECK(replacement.first != from && replacement.first != to && replacement.second != from,
                "the replacements of a patch overlap at value {}", from.value);
  }
  replacements_.emplace_back(from, to);
}

}  // namespace tenon
