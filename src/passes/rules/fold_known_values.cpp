// An integer vector whose elements inference knows (shape arithmetic) is a constant.
#include "ir/constant.hpp"
#include "passes/rules/match.hpp"

namespace tenon::rules {
namespace {

template <class T>
Tensor make_tensor(const Dims& values, Shape shape) {
  Tensor tensor(DataTypeOf<T>::value, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i)
    tensor.mutable_values<T>()[i] = static_cast<T>(values[i].value());
  return tensor;
}

std::optional<Patch> fold_known_values(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  if (node.outputs.size() != 1 || node.op.is<op::Constant>() || !node.op.traits().deterministic)
    return std::nullopt;
  const Value& value = graph.value(node.outputs[0]);
  if (!value.symbolic || !value.type.as_tensor().dims) return std::nullopt;
  for (const Dim& dim : *value.symbolic) {
    if (!dim.is_const()) return std::nullopt;
  }
  Shape shape;
  if (!value.type.as_tensor().dims->empty())
    shape.push_back(static_cast<std::int64_t>(value.symbolic->size()));
  Patch patch(graph, root);
  ValueId constant;
  if (value.type.as_tensor().dtype == DataType::i64) {
    constant = patch.add_constant(make_tensor<std::int64_t>(*value.symbolic, std::move(shape)));
  } else if (value.type.as_tensor().dtype == DataType::i32) {
    constant = patch.add_constant(make_tensor<std::int32_t>(*value.symbolic, std::move(shape)));
  } else {
    return std::nullopt;
  }
  if (!patch.can_replace(node.outputs[0], constant)) return std::nullopt;
  patch.replace(node.outputs[0], constant);
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_fold_known_values(RuleRegistry& registry) {
  registry.add({"fold_known_values",
                "fold",
                "makes shape arithmetic with a known result a constant",
                {},
                rules::fold_known_values});
}

}  // namespace tenon
