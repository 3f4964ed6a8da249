// "loop": runs its body as long as a condition holds. Operands: number of iterations (absent: no limit),
// condition (absent: true), the first values of what is carried, captures. Parameter "carried": how many of
// these there are. Outputs: the last values of what is carried, then what the iterations stack.
#include "base/check.hpp"
#include "plan/guarded.hpp"
#include "runtime/control/carried.hpp"
#include "runtime/control/control_step.hpp"
#include "runtime/control/stacked.hpp"

#include <limits>

namespace tenon {
namespace {

constexpr std::size_t kOperands = 2;    // before the carried values
constexpr std::size_t kParameters = 2;  // of the body: iteration, condition

struct LoopState final : StepState {
  std::vector<Body> bodies;
  std::vector<Carried> carried;
  std::vector<Stacked> stacked;
  std::vector<std::size_t> partners;  // offsets
  SymbolValues symbols;
  std::int64_t iteration = 0;
  std::uint8_t running = 1, goes_on = 1;
  BufferView iteration_view, running_view;
};

std::size_t carried_count(const StepInit& init) {
  const std::int64_t count = int_param(init.params, "carried");
  TENON_REQUIRE(count >= 0 && static_cast<std::size_t>(count) <= init.outputs.size() &&
                    kOperands + static_cast<std::size_t>(count) <= init.inputs.size(),
                "a loop of {} operands carries {} values", init.inputs.size(), count);
  return static_cast<std::size_t>(count);
}

class LoopStep final : public ControlStep {
 public:
  explicit LoopStep(const StepInit& init)
      : ControlStep(init, 1, kParameters + carried_count(init), 1 + init.outputs.size()),
        carried_(carried_count(init)) {
    for (std::size_t i = 0; i < carried_; ++i)
      TENON_REQUIRE(init.inputs[kOperands + i] != nullptr, "a loop lacks the first value {}", i);
    for (const Type* type : init.outputs) {
      types_.push_back(*type);
      tensor_types_.push_back(type->is_tensor() ? type->as_tensor() : TensorType{});
    }
    for (std::size_t i = carried_; i < types_.size(); ++i)
      TENON_REQUIRE(types_[i].is_tensor(), "a loop stacks what is no tensor");
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    return body_bytes() + partner_offsets(shapes, tensor_types_, carried_).back();
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<LoopState>();
    state->bodies = make_bodies(shapes);
    state->carried.resize(carried_);
    state->stacked.resize(types_.size() - carried_);
    state->partners = partner_offsets(shapes, tensor_types_, carried_);
    state->symbols = *shapes.symbols;
    state->iteration_view = {reinterpret_cast<std::byte*>(&state->iteration), DataType::i64, {}, nullptr};
    state->running_view = {reinterpret_cast<std::byte*>(&state->running), DataType::boolean, {}, nullptr};
    std::vector<Shape> parameters(kParameters);
    for (std::size_t i = 0; i < carried_; ++i) {
      if (shapes.inputs[kOperands + i] == nullptr) return state;
      parameters.push_back(*shapes.inputs[kOperands + i]);
    }
    if (auto known = input_shapes(0, std::move(parameters), shapes))
      state->bodies[0].expect(std::move(*known));
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    return guarded([&] {
      auto& state = static_cast<LoopState&>(*call.state);
      begin(state, call);
      const std::int64_t limit = call.inputs[0] != nullptr ? integer_value(*call.inputs[0])
                                                           : std::numeric_limits<std::int64_t>::max();
      bool goes_on = call.inputs[1] == nullptr || condition_value(*call.inputs[1]);
      std::int64_t count = 0;
      for (; goes_on && count < limit; ++count) {
        if (Status status = run_once(state, call, count); !status.ok()) return status;
        goes_on = condition_value(state.bodies[0].output(0));
      }
      for (Carried& value : state.carried) value.finish();
      for (std::size_t i = 0; i < state.stacked.size(); ++i)
        state.stacked[i].finish(count, types_[carried_ + i], state.symbols);
      return Status();
    });
  }

 private:
  void begin(LoopState& state, const StepCall& call) const {
    std::byte* partners = call.scratch + body_bytes();
    for (std::size_t i = 0; i < carried_; ++i)
      state.carried[i].begin(*call.inputs[kOperands + i], *call.outputs[i], partners + state.partners[i]);
    for (std::size_t i = 0; i < state.stacked.size(); ++i)
      state.stacked[i].begin(*call.outputs[carried_ + i]);
    state.bodies[0].set_input(0, state.iteration_view);
    state.bodies[0].set_input(1, state.running_view);
    set_captures(0, state.bodies[0], call);
  }

  Status run_once(LoopState& state, const StepCall& call, std::int64_t iteration) const {
    Body& body = state.bodies[0];
    state.iteration = iteration;
    for (std::size_t i = 0; i < carried_; ++i) body.set_input(kParameters + i, state.carried[i].current());
    body.prepare(call.scratch);
    bind_condition(body, state);
    for (std::size_t i = 0; i < carried_; ++i) state.carried[i].bind(body, 1 + i);
    for (std::size_t i = 0; i < state.stacked.size(); ++i)
      state.stacked[i].bind(body, 1 + carried_ + i, iteration);
    if (Status status = body.run(times(0, call)); !status.ok()) return status;
    for (std::size_t i = 0; i < carried_; ++i) state.carried[i].advance(body, 1 + i);
    for (std::size_t i = 0; i < state.stacked.size(); ++i)
      state.stacked[i].advance(body, 1 + carried_ + i, iteration);
    return {};
  }

  static void bind_condition(Body& body, LoopState& state) {
    if (body.output(0).slot != nullptr) return;
    TENON_REQUIRE(body.output_bytes(0) == 1, "the condition of a loop is not one bool");
    body.bind_output(0, reinterpret_cast<std::byte*>(&state.goes_on));
  }

  std::size_t carried_;
  std::vector<Type> types_;
  std::vector<TensorType> tensor_types_;  // of types_, where they are tensors
};

}  // namespace

void register_loop_step(StepRegistry& registry) {
  registry.add(
      "loop", [](const StepInit& init) -> std::unique_ptr<Step> { return std::make_unique<LoopStep>(init); });
}

}  // namespace tenon
