// The state of one execution context.
#pragma once

#include "base/aligned_buffer.hpp"
#include "runtime/engine_state.hpp"

#include <tenon/engine.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

namespace tenon {

class Context::State {
 public:
  explicit State(Engine engine, std::shared_ptr<const Engine::State> shared);

  void set_shape(std::size_t input, const Shape& shape);
  void set_input(std::size_t input, Tensor tensor);
  void set_value(std::size_t input, Data value);
  void set_output(std::size_t output, Tensor tensor);
  void prepare();
  // Steps only: no graph, no exception, no allocation of its own.
  Status execute() noexcept;
  bool ready() const noexcept { return !dirty_; }
  Tensor output(std::size_t index) const;
  Data value(std::size_t index) const;

  Engine engine;
  std::shared_ptr<const Engine::State> shared;
  bool profiling = false;
  std::vector<StepTime> times;

 private:
  void resolve_shapes(const SymbolValues& symbols);
  void place_buffers();
  void bind_external(std::size_t buffer);
  // Inputs without a place in memory of known size: sequences, maps, optionals, strings.
  bool by_value(std::size_t input) const;
  void bind_value(std::size_t input);
  bool input_is_set(std::size_t input) const noexcept;
  void specialize_steps();

  // One step's operands, as its StepCall refers to them.
  struct StepSlot {
    std::vector<const BufferView*> inputs;
    std::vector<BufferView*> outputs;
    std::unique_ptr<StepState> state;
    AlignedBuffer own_scratch;  // only when the arena's share is too small
    StepCall call;
  };

  const Plan& plan_;
  bool dirty_ = true;
  std::vector<Shape> input_shapes_;
  std::vector<Tensor> bound_inputs_, bound_outputs_;  // empty data: not bound
  AlignedBuffer arena_;
  std::vector<BufferView> views_;
  std::vector<std::optional<Data>> bound_values_;  // of inputs by value
  std::vector<Data> slots_;                        // of dynamic buffers
  std::vector<AlignedBuffer> owned_outputs_;
  std::vector<StepSlot> steps_;
};

}  // namespace tenon
