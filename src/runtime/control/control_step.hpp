// What the steps "if", "loop" and "scan" share, and "portions" and "strips" in part. They are the runtime's
// own: they run no kernel, but bodies, which are lists of steps like the one that they stand in.
#pragma once

#include "runtime/control/body.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace tenon {

void register_control_steps(StepRegistry& registry);
void register_if_step(StepRegistry& registry);
void register_loop_step(StepRegistry& registry);
void register_scan_step(StepRegistry& registry);
void register_portions_step(StepRegistry& registry);
void register_strips_step(StepRegistry& registry);

// The inputs of body `b` are `parameters`, which the step makes, then the operands of the step that the
// parameter "captures<b>" lists.
class ControlStep : public Step {
 protected:
  // ModelError when the bodies do not fit the step.
  ControlStep(const StepInit& init, std::size_t bodies, std::size_t parameters, std::size_t results);

  const Program& body(std::size_t b) const { return *programs_[b]; }
  std::size_t body_count() const noexcept { return programs_.size(); }
  std::vector<Body> make_bodies(const StepShapes& shapes) const;
  // The shapes of all inputs of body `b` when those of its parameters are given; nothing where one is not
  // known.
  std::optional<std::vector<Shape>> input_shapes(std::size_t b, std::vector<Shape> parameters,
                                                 const StepShapes& shapes) const;
  void set_captures(std::size_t b, Body& body, const StepCall& call) const noexcept;
  // Where the times of body `b` are kept.
  StepTime* times(std::size_t b, const StepCall& call) const noexcept;
  // The scratch memory that the bodies take; what comes behind is the step's.
  std::size_t body_bytes() const noexcept { return body_bytes_; }

 private:
  std::vector<std::shared_ptr<const Program>> programs_;
  std::vector<std::vector<std::size_t>> captures_;
  std::size_t parameters_;
  std::size_t body_bytes_ = 0;
};

// The one element of a condition or a count; ModelError when it is not one.
bool condition_value(const BufferView& view);
std::int64_t integer_value(const BufferView& view);

// Where the second places of carried values, the first `count` outputs, lie behind the memory of the bodies:
// of those that are plain memory. The last entry is where they end.
std::vector<std::size_t> partner_offsets(const StepShapes& shapes, const std::vector<TensorType>& types,
                                         std::size_t count);

}  // namespace tenon
