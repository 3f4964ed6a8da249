// "if": runs body 0 when its condition, operand 0, is true, else body 1.
#include "base/check.hpp"
#include "plan/guarded.hpp"
#include "runtime/control/control_step.hpp"

namespace tenon {
namespace {

struct IfState final : StepState {
  std::vector<Body> bodies;
  std::vector<Tensor> made;  // memory of results whose size is known only now
};

class IfStep final : public ControlStep {
 public:
  explicit IfStep(const StepInit& init) : ControlStep(init, 2, 0, init.outputs.size()) {
    TENON_REQUIRE(!init.inputs.empty() && init.inputs[0] != nullptr, "an if without a condition");
  }

  std::size_t scratch_bytes(const StepShapes&) const override { return body_bytes(); }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<IfState>();
    state->bodies = make_bodies(shapes);
    state->made.resize(shapes.outputs.size());
    for (std::size_t b = 0; b < state->bodies.size(); ++b) {
      if (auto known = input_shapes(b, {}, shapes)) state->bodies[b].expect(std::move(*known));
    }
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    return guarded([&] {
      auto& state = static_cast<IfState&>(*call.state);
      const std::size_t taken = condition_value(*call.inputs[0]) ? 0 : 1;
      Body& body = state.bodies[taken];
      set_captures(taken, body, call);
      body.prepare(call.scratch);
      for (std::size_t i = 0; i < call.outputs.size(); ++i) bind(body, i, *call.outputs[i], state.made[i]);
      if (Status status = body.run(times(taken, call)); !status.ok()) return status;
      for (std::size_t i = 0; i < call.outputs.size(); ++i) {
        BufferView& out = *call.outputs[i];
        if (body.output(i).slot != nullptr) {
          deliver(body.output(i), out);
        } else if (out.slot != nullptr) {
          *out.slot = std::move(state.made[i]);
          out.publish();
        }
      }
      return Status();
    });
  }

 private:
  // The body writes its results where they belong.
  static void bind(Body& body, std::size_t i, const BufferView& out, Tensor& made) {
    const BufferView& result = body.output(i);
    if (result.slot != nullptr) return;
    if (out.slot != nullptr) {
      made = Tensor(result.dtype, result.shape);
      body.bind_output(i, made.mutable_data());
      return;
    }
    TENON_REQUIRE(result.dtype == out.dtype && result.shape == out.shape,
                  "a branch gives a result of another type than the if has");
    body.bind_output(i, out.data);
  }
};

}  // namespace

void register_if_step(StepRegistry& registry) {
  registry.add("if",
               [](const StepInit& init) -> std::unique_ptr<Step> { return std::make_unique<IfStep>(init); });
}

}  // namespace tenon
