// "portions" (plan/portions.hpp): runs its body on one portion of the batch after another. Each thread takes
// portions in its turn. Nothing is copied: the body reads and writes the images where they lie.
#include "plan/portions.hpp"

#include "base/check.hpp"
#include "plan/control_scratch.hpp"
#include "runtime/control/control_step.hpp"
#include "runtime/control/crew.hpp"

#include <memory>

namespace tenon {
namespace {

struct PortionsState final : StepState {
  std::unique_ptr<Crew> crew;
};

class PortionsStep final : public Step {
 public:
  explicit PortionsStep(const StepInit& init) : programs_(init.bodies.begin(), init.bodies.end()) {
    TENON_REQUIRE(programs_.size() == 1 && !init.inputs.empty() && !init.outputs.empty(),
                  "portions of {} bodies, {} inputs and {} outputs", programs_.size(), init.inputs.size(),
                  init.outputs.size());
    const StepList& body = programs_[0]->list();
    TENON_REQUIRE(body.placed && body.symbols.empty() && body.inputs.size() == init.inputs.size() &&
                      body.outputs.size() == init.outputs.size(),
                  "a body of portions has {} inputs and {} outputs", body.inputs.size(), body.outputs.size());
    for (std::size_t i = 0; i < init.inputs.size(); ++i)
      inputs_.push_back(piece(init.inputs[i], body, body.inputs[i].buffer, Buffer::Storage::input));
    for (std::size_t i = 0; i < init.outputs.size(); ++i)
      outputs_.push_back(piece(init.outputs[i], body, body.outputs[i].buffer, Buffer::Storage::output));
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    return member_bytes() * static_cast<std::size_t>(shapes.threads);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    TENON_CHECK(shapes.symbols != nullptr, "portions outside of a context");
    auto state = std::make_unique<PortionsState>();
    state->crew = std::make_unique<Crew>(programs_, *shapes.symbols, shapes.threads);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    const auto& state = static_cast<const PortionsState&>(*call.state);
    return state.crew->run(call, portions_, member_bytes(), [&](std::size_t portion, Crew::Member& member) {
      for (std::size_t i = 0; i < inputs_.size(); ++i)
        member.set_input(0, i, call.inputs[i]->data + portion * inputs_[i]);
      return member.run(0, [&](std::size_t i) { return call.outputs[i]->data + portion * outputs_[i]; });
    });
  }

 private:
  // The bytes of a portion of the tensor.
  std::size_t piece(const Type* whole, const StepList& body, BufferId id, Buffer::Storage storage) {
    TENON_REQUIRE(whole != nullptr, "portions lack an operand");
    const Buffer& buffer = body.buffer(id);
    const auto whole_bytes = entry_bytes(*whole, 1);
    TENON_REQUIRE(
        whole_bytes && buffer.storage == storage && buffer.type.is_tensor() && entry_bytes(buffer.type, 1),
        "a portion of {}", whole->to_string());
    TensorType wanted = whole->as_tensor();
    const std::int64_t batch = wanted.dims->front().value();
    const std::int64_t images = buffer.type.as_tensor().dims->front().value();
    wanted.dims->front() = Dim(images);
    TENON_REQUIRE(images > 0 && batch % images == 0 && Type(wanted) == buffer.type &&
                      buffer.bytes == static_cast<std::uint64_t>(*whole_bytes * images),
                  "a portion of {} is {}", whole->to_string(), buffer.type.to_string());
    const auto portions = static_cast<std::size_t>(batch / images);
    TENON_REQUIRE(portions_ == 0 || portions_ == portions, "{} portions of one operand and {} of another",
                  portions_, portions);
    portions_ = portions;
    return static_cast<std::size_t>(buffer.bytes);
  }

  std::size_t member_bytes() const noexcept { return body_scratch(programs_[0]->list()); }

  std::vector<std::shared_ptr<const Program>> programs_;
  std::vector<std::size_t> inputs_, outputs_;  // bytes of a portion
  std::size_t portions_ = 0;
};

}  // namespace

void register_portions_step(StepRegistry& registry) {
  registry.add(kPortionsStep, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<PortionsStep>(init);
  });
}

}  // namespace tenon
