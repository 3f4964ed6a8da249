#include "plan/lowering/body_steps.hpp"

#include <tenon/error.hpp>

#include <deque>
#include <utility>
#include <vector>

namespace tenon {

std::unique_ptr<Step> create_step(const Plan& plan, const StepList& list, const PlanStep& step,
                                  const StepRegistry& registry) {
  const auto types_of = [&](const std::vector<BufferId>& ids) {
    std::vector<const Type*> types;
    for (const BufferId id : ids) types.push_back(id.valid() ? &list.buffer(id).type : nullptr);
    return types;
  };
  const std::vector<const Type*> inputs = types_of(step.inputs), outputs = types_of(step.outputs);
  std::vector<Tensor> weights;
  for (const std::uint32_t blob : step.weights) weights.push_back(plan.blobs[blob]);
  return registry.create(step.kind, {step.params, inputs, outputs, weights});
}

std::optional<SerialStep> serial_step(const Plan& plan, const StepList& list, const PlanStep& step,
                                      const StepRegistry& registry) {
  std::deque<Shape> shapes;
  const auto shapes_of = [&](const std::vector<BufferId>& ids) {
    std::vector<const Shape*> found;
    for (const BufferId id : ids) {
      if (!id.valid()) {
        found.push_back(nullptr);
        continue;
      }
      Shape& shape = shapes.emplace_back();
      for (const Dim& dim : *list.buffer(id).type.as_tensor().dims) shape.push_back(dim.value());
      found.push_back(&shape);
    }
    return found;
  };
  const std::vector<const Shape*> inputs = shapes_of(step.inputs), outputs = shapes_of(step.outputs);
  try {
    const std::unique_ptr<Step> instance = create_step(plan, list, step, registry);
    instance->specialize({inputs, outputs, 1});
    return SerialStep{instance->scratch_bytes({inputs, outputs, 1}), instance->works_by_entry()};
  } catch (const ModelError&) {
    return std::nullopt;
  }
}

BufferId add_piece(StepList& body, const Buffer& whole, TensorType type, std::int64_t bytes,
                   Buffer::Storage storage) {
  Buffer piece;
  piece.name = whole.name;
  piece.type = std::move(type);
  piece.storage = storage;
  piece.space = whole.space;
  piece.bytes = static_cast<std::uint64_t>(bytes);
  body.buffers.push_back(std::move(piece));
  return BufferId(static_cast<std::uint32_t>(body.buffers.size() - 1));
}

}  // namespace tenon
