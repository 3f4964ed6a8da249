// The state of one execution context.
#pragma once

#include "base/aligned_buffer.hpp"
#include "runtime/engine_state.hpp"
#include "runtime/specialization.hpp"

#include <tenon/engine.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace tenon {

class Context::State {
 public:
  State(Engine engine, std::shared_ptr<const Engine::State> shared, std::size_t profile);

  void set_profile(std::size_t profile);
  std::size_t profile() const noexcept { return profile_; }
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
  void set_output_listener(OutputListener listener);

  Engine engine;
  std::shared_ptr<const Engine::State> shared;
  bool profiling = false;
  std::vector<StepTime> times;

 private:
  // What is kept of one profile: the values of its dynamic buffers, the shapes that were prepared, the latest
  // first, and for a listener, by step, the outputs that it is the last to write.
  struct Known {
    std::vector<Data> slots;
    std::vector<std::unique_ptr<Specialization>> specializations;
    std::vector<std::vector<std::size_t>> completed;
  };

  Shape values_of(std::size_t input) const;
  bool values_unchanged() const noexcept;
  void activate(Specialization& next);
  void bind_external(Specialization& next, std::size_t buffer);
  // Inputs without a place in memory of known size: sequences, maps, optionals, strings.
  bool by_value(std::size_t input) const;
  void bind_value(Specialization& next, std::size_t input);
  bool input_is_set(std::size_t input) const noexcept;
  void find_completed();
  void tell_listener(std::size_t step) const noexcept;

  std::size_t profile_ = 0;
  const PlanProfile* plan_ = nullptr;  // of that profile
  std::vector<Known> known_;           // by profile
  Specialization* active_ = nullptr;   // what runs next; null until prepared
  bool dirty_ = true;
  std::vector<Shape> input_shapes_;
  std::vector<Tensor> bound_inputs_, bound_outputs_;  // empty data: not bound
  std::vector<std::optional<Data>> bound_values_;     // of inputs by value
  AlignedBuffer arena_, own_scratch_;
  std::vector<AlignedBuffer> owned_outputs_;
  OutputListener listener_;
};

}  // namespace tenon
