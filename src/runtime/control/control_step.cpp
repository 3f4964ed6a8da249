#include "runtime/control/control_step.hpp"

#include "base/check.hpp"
#include "plan/control_scratch.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon {

void register_control_steps(StepRegistry& registry) {
  register_if_step(registry);
  register_loop_step(registry);
  register_scan_step(registry);
  register_portions_step(registry);
  register_strips_step(registry);
}

ControlStep::ControlStep(const StepInit& init, std::size_t bodies, std::size_t parameters,
                         std::size_t results)
    : programs_(init.bodies.begin(), init.bodies.end()), parameters_(parameters) {
  TENON_REQUIRE(programs_.size() == bodies, "{} bodies, expected {}", programs_.size(), bodies);
  const auto plain = [](const Type* type) {
    return type == nullptr || !type->is_tensor() || type->as_tensor().layout.is_plain();
  };
  TENON_REQUIRE(std::all_of(init.inputs.begin(), init.inputs.end(), plain) &&
                    std::all_of(init.outputs.begin(), init.outputs.end(), plain),
                "control flow takes and gives plain layouts only");
  for (const Type* output : init.outputs) TENON_REQUIRE(output != nullptr, "control flow lacks a result");
  for (std::size_t b = 0; b < bodies; ++b) {
    const StepList& list = programs_[b]->list();
    std::vector<std::size_t>& captures = captures_.emplace_back();
    for (const std::int64_t operand : ints_param(init.params, fmt::format("captures{}", b))) {
      TENON_REQUIRE(operand >= 0 && static_cast<std::size_t>(operand) < init.inputs.size() &&
                        init.inputs[static_cast<std::size_t>(operand)] != nullptr,
                    "body {} captures operand {} of {}", b, operand, init.inputs.size());
      captures.push_back(static_cast<std::size_t>(operand));
    }
    TENON_REQUIRE(list.inputs.size() == parameters + captures.size(), "body {} has {} inputs, expected {}", b,
                  list.inputs.size(), parameters + captures.size());
    TENON_REQUIRE(list.outputs.size() == results, "body {} has {} results, expected {}", b,
                  list.outputs.size(), results);
    body_bytes_ = std::max<std::size_t>(body_bytes_, body_scratch(list));
  }
}

std::vector<Body> ControlStep::make_bodies(const StepShapes& shapes) const {
  TENON_CHECK(shapes.pool != nullptr && shapes.symbols != nullptr, "control flow outside of a context");
  std::vector<Body> bodies;
  bodies.reserve(programs_.size());
  for (const auto& program : programs_) bodies.emplace_back(*program, *shapes.pool, *shapes.symbols);
  return bodies;
}

std::optional<std::vector<Shape>> ControlStep::input_shapes(std::size_t b, std::vector<Shape> parameters,
                                                            const StepShapes& shapes) const {
  for (const std::size_t operand : captures_[b]) {
    if (shapes.inputs[operand] == nullptr) return std::nullopt;
    parameters.push_back(*shapes.inputs[operand]);
  }
  return parameters;
}

void ControlStep::set_captures(std::size_t b, Body& body, const StepCall& call) const noexcept {
  for (std::size_t i = 0; i < captures_[b].size(); ++i)
    body.set_input(parameters_ + i, *call.inputs[captures_[b][i]]);
}

StepTime* ControlStep::times(std::size_t b, const StepCall& call) const noexcept {
  if (call.times == nullptr) return nullptr;
  StepTime* times = call.times;
  for (std::size_t i = 0; i < b; ++i) times += programs_[i]->total_steps();
  return times;
}

bool condition_value(const BufferView& view) {
  TENON_REQUIRE((view.slot == nullptr || view.slot->is_tensor()) && view.dtype == DataType::boolean &&
                    element_count(view.shape) == 1,
                "a condition is not one bool");
  return *view.as<const std::uint8_t>() != 0;
}

std::int64_t integer_value(const BufferView& view) {
  TENON_REQUIRE((view.slot == nullptr || view.slot->is_tensor()) &&
                    (view.dtype == DataType::i64 || view.dtype == DataType::i32) &&
                    element_count(view.shape) == 1,
                "a number of iterations is not one integer");
  return view.dtype == DataType::i64 ? *view.as<const std::int64_t>() : *view.as<const std::int32_t>();
}

std::vector<std::size_t> partner_offsets(const StepShapes& shapes, const std::vector<TensorType>& types,
                                         std::size_t count) {
  std::vector<std::size_t> offsets{0};
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t bytes = 0;
    if (shapes.outputs[i] != nullptr)
      bytes = scratch_aligned(static_cast<std::uint64_t>(storage_bytes(types[i], *shapes.outputs[i])));
    offsets.push_back(offsets.back() + bytes);
  }
  return offsets;
}

}  // namespace tenon
