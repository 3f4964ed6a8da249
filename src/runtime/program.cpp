#include "runtime/program.hpp"

#include "base/context.hpp"

#include <fmt/format.h>

namespace tenon {

Program::Program(const Plan& plan, const StepList& list, const StepRegistry& registry)
    : plan_(plan), list_(list), views_(list.buffers.size()) {
  for (std::size_t i = 0; i < list.steps.size(); ++i) {
    const PlanStep& step = list.steps[i];
    positions_.push_back(total_++);
    in_context([&] { create(step, registry); },
               [&] { return fmt::format("creating step {} ({}, '{}')", i, step.tactic, step.label); });
  }
  for (std::uint32_t i = 0; i < list.buffers.size(); ++i) {
    if (list.buffers[i].storage != Buffer::Storage::alias) continue;
    const BufferId root = root_buffer(list, BufferId(i));
    const Buffer::Storage storage = list.buffer(root).storage;
    if (storage == Buffer::Storage::input || storage == Buffer::Storage::output)
      views_[root.value].push_back(i);
  }
}

std::vector<Tensor> Program::weights_of(const PlanStep& step) const {
  std::vector<Tensor> weights;
  weights.reserve(step.weights.size());
  for (const std::uint32_t blob : step.weights) weights.push_back(plan_.blobs.at(blob));
  return weights;
}

void Program::create(const PlanStep& step, const StepRegistry& registry) {
  const auto types = [&](const std::vector<BufferId>& ids) {
    std::vector<const Type*> out;
    out.reserve(ids.size());
    for (const BufferId id : ids) out.push_back(id.valid() ? &list_.buffer(id).type : nullptr);
    return out;
  };
  const auto inputs = types(step.inputs);
  const auto outputs = types(step.outputs);
  const std::vector<Tensor> weights = weights_of(step);
  std::vector<std::shared_ptr<const Program>> bodies;
  for (const StepList& body : step.bodies) {
    bodies.push_back(std::make_shared<const Program>(plan_, body, registry));
    total_ += bodies.back()->total_steps();
  }
  steps_.push_back(registry.create(step.kind, {step.params, inputs, outputs, weights, bodies}));
}

}  // namespace tenon
