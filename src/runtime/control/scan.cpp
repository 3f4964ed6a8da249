// "scan": runs its body once for each step along the scanned axes. Operands: first values of the states,
// sequences, captures. Parameters: "states" and "sequences", how many of these there are; "input_axes",
// "input_reversed" of each sequence, "output_axes", "output_reversed" of each stacked result. Outputs: the
// last values of the states, then what the steps stack.
#include "base/check.hpp"
#include "plan/guarded.hpp"
#include "runtime/control/carried.hpp"
#include "runtime/control/control_step.hpp"
#include "runtime/control/stacked.hpp"

#include <algorithm>
#include <cstring>
#include <span>

namespace tenon {
namespace {

// One sequence, of which every step sees a slice.
struct Sequence {
  const BufferView* whole = nullptr;
  std::size_t at = 0;  // the axis, from the front
  std::int64_t count = 0;
  BufferView slice;
  AlignedBuffer copy;  // of the slice, where it is not one piece of the whole
};

struct ScanState final : StepState {
  std::vector<Body> bodies;
  std::vector<Carried> states;
  std::vector<Sequence> sequences;
  std::vector<Stacked> stacked;
  std::vector<std::size_t> partners;  // offsets
  SymbolValues symbols;
};

std::size_t count_param(const StepInit& init, std::string_view name, std::size_t most) {
  const std::int64_t count = int_param(init.params, name);
  TENON_REQUIRE(count >= 0 && static_cast<std::size_t>(count) <= most, "a scan of {} {}", count, name);
  return static_cast<std::size_t>(count);
}

std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  const std::int64_t at = axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
  TENON_REQUIRE(at >= 0 && at < static_cast<std::int64_t>(rank),
                "a sequence of rank {} is scanned along axis {}", rank, axis);
  return static_cast<std::size_t>(at);
}

class ScanStep final : public ControlStep {
 public:
  explicit ScanStep(const StepInit& init)
      : ControlStep(init, 1,
                    count_param(init, "states", init.inputs.size()) +
                        count_param(init, "sequences", init.inputs.size()),
                    init.outputs.size()),
        states_(count_param(init, "states", init.outputs.size())),
        sequences_(count_param(init, "sequences", init.inputs.size())),
        input_axes_(ints_param(init.params, "input_axes")),
        input_reversed_(ints_param(init.params, "input_reversed")),
        output_axes_(ints_param(init.params, "output_axes")),
        output_reversed_(ints_param(init.params, "output_reversed")) {
    const std::size_t stacked = init.outputs.size() - states_;
    TENON_REQUIRE(sequences_ > 0 && states_ + sequences_ <= init.inputs.size() &&
                      input_axes_.size() == sequences_ && input_reversed_.size() == sequences_ &&
                      output_axes_.size() == stacked && output_reversed_.size() == stacked,
                  "the operands of a scan do not fit its parameters");
    for (std::size_t i = 0; i < states_ + sequences_; ++i)
      TENON_REQUIRE(init.inputs[i] != nullptr, "a scan lacks operand {}", i);
    for (const Type* type : init.outputs) {
      types_.push_back(*type);
      tensor_types_.push_back(type->is_tensor() ? type->as_tensor() : TensorType{});
    }
    for (std::size_t i = states_; i < types_.size(); ++i)
      TENON_REQUIRE(types_[i].is_tensor(), "a scan stacks what is no tensor");
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    return body_bytes() + partner_offsets(shapes, tensor_types_, states_).back();
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<ScanState>();
    state->bodies = make_bodies(shapes);
    state->states.resize(states_);
    state->sequences.resize(sequences_);
    for (std::size_t i = 0; i < output_axes_.size(); ++i)
      state->stacked.emplace_back(output_axes_[i], output_reversed_[i] != 0);
    state->partners = partner_offsets(shapes, tensor_types_, states_);
    state->symbols = *shapes.symbols;
    std::vector<Shape> parameters;
    for (std::size_t i = 0; i < states_ + sequences_; ++i) {
      if (shapes.inputs[i] == nullptr) return state;
      Shape shape = *shapes.inputs[i];
      if (i >= states_) {
        const std::size_t at = axis_of(input_axes_[i - states_], shape.size());
        shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(at));
      }
      parameters.push_back(std::move(shape));
    }
    if (auto known = input_shapes(0, std::move(parameters), shapes))
      state->bodies[0].expect(std::move(*known));
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    return guarded([&] {
      auto& state = static_cast<ScanState&>(*call.state);
      begin(state, call);
      const std::int64_t count = state.sequences[0].count;
      for (std::int64_t step = 0; step < count; ++step) {
        if (Status status = run_once(state, call, step); !status.ok()) return status;
      }
      for (Carried& value : state.states) value.finish();
      for (std::size_t i = 0; i < state.stacked.size(); ++i)
        state.stacked[i].finish(count, types_[states_ + i], state.symbols);
      return Status();
    });
  }

 private:
  void begin(ScanState& state, const StepCall& call) const {
    std::byte* partners = call.scratch + body_bytes();
    for (std::size_t i = 0; i < states_; ++i)
      state.states[i].begin(*call.inputs[i], *call.outputs[i], partners + state.partners[i]);
    for (std::size_t i = 0; i < sequences_; ++i) {
      open(state.sequences[i], *call.inputs[states_ + i], input_axes_[i]);
      TENON_REQUIRE(state.sequences[i].count == state.sequences[0].count, "sequences of {} and {} steps",
                    state.sequences[0].count, state.sequences[i].count);
    }
    for (std::size_t i = 0; i < state.stacked.size(); ++i) state.stacked[i].begin(*call.outputs[states_ + i]);
    set_captures(0, state.bodies[0], call);
  }

  static void open(Sequence& sequence, const BufferView& whole, std::int64_t axis) {
    TENON_REQUIRE(whole.slot == nullptr || whole.slot->is_tensor(), "what is scanned is no tensor");
    require_whole_bytes(whole.dtype);
    sequence.whole = &whole;
    sequence.at = axis_of(axis, whole.shape.size());
    sequence.count = whole.shape[sequence.at];
    sequence.slice.dtype = whole.dtype;
    sequence.slice.shape.assign(whole.shape.begin(), whole.shape.end());
    sequence.slice.shape.erase(sequence.slice.shape.begin() + static_cast<std::ptrdiff_t>(sequence.at));
  }

  // Makes the slice show what lies at `index`.
  static void show(Sequence& sequence, std::int64_t index) {
    const Shape& shape = sequence.whole->shape;
    const auto runs = static_cast<std::size_t>(element_count(std::span(shape).first(sequence.at)));
    const std::size_t bytes =
        storage_bytes(sequence.slice.dtype,
                      static_cast<std::size_t>(element_count(std::span(shape).subspan(sequence.at + 1))));
    std::byte* first = sequence.whole->data + bytes * static_cast<std::size_t>(index);
    if (runs == 1) {
      sequence.slice.data = first;
      return;
    }
    if (sequence.copy.size() < runs * bytes) sequence.copy = AlignedBuffer(runs * bytes);
    sequence.slice.data = sequence.copy.data();
    const std::size_t stride = bytes * static_cast<std::size_t>(sequence.count);
    for (std::size_t run = 0; run < runs && bytes != 0; ++run)
      std::memcpy(sequence.copy.data() + run * bytes, first + run * stride, bytes);
  }

  Status run_once(ScanState& state, const StepCall& call, std::int64_t step) const {
    Body& body = state.bodies[0];
    for (std::size_t i = 0; i < states_; ++i) body.set_input(i, state.states[i].current());
    for (std::size_t i = 0; i < sequences_; ++i) {
      Sequence& sequence = state.sequences[i];
      show(sequence, input_reversed_[i] != 0 ? sequence.count - 1 - step : step);
      body.set_input(states_ + i, sequence.slice);
    }
    body.prepare(call.scratch);
    for (std::size_t i = 0; i < states_; ++i) state.states[i].bind(body, i);
    for (std::size_t i = 0; i < state.stacked.size(); ++i) state.stacked[i].bind(body, states_ + i, step);
    if (Status status = body.run(times(0, call)); !status.ok()) return status;
    for (std::size_t i = 0; i < states_; ++i) state.states[i].advance(body, i);
    for (std::size_t i = 0; i < state.stacked.size(); ++i) state.stacked[i].advance(body, states_ + i, step);
    return {};
  }

  std::size_t states_, sequences_;
  std::vector<std::int64_t> input_axes_, input_reversed_, output_axes_, output_reversed_;
  std::vector<Type> types_;
  std::vector<TensorType> tensor_types_;  // of types_, where they are tensors
};

}  // namespace

void register_scan_step(StepRegistry& registry) {
  registry.add(
      "scan", [](const StepInit& init) -> std::unique_ptr<Step> { return std::make_unique<ScanStep>(init); });
}

}  // namespace tenon
