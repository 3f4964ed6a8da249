#include "base/context.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "runtime/context_state.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace {

// Element `i` of an i32 or i64 tensor.
std::int64_t integer_at(const Tensor& tensor, std::size_t i) noexcept {
  if (tensor.dtype() == DataType::i32) return reinterpret_cast<const std::int32_t*>(tensor.data())[i];
  return reinterpret_cast<const std::int64_t*>(tensor.data())[i];
}

}  // namespace

Context::State::State(Engine e, std::shared_ptr<const Engine::State> s, std::size_t profile)
    : engine(std::move(e)), shared(std::move(s)), known_(shared->plan().profiles.size()) {
  const PlanProfile& first = shared->profile(profile);
  bound_inputs_.resize(first.inputs.size());
  bound_values_.resize(first.inputs.size());
  bound_outputs_.resize(first.outputs.size());
  owned_outputs_.resize(first.outputs.size());
  input_shapes_.resize(first.inputs.size());
  set_profile(profile);
}

void Context::State::set_profile(std::size_t profile) {
  const PlanProfile& next = shared->profile(profile);
  if (arena_.size() < next.arena_bytes) arena_ = AlignedBuffer(next.arena_bytes);
  profile_ = profile;
  plan_ = &next;
  known_[profile].slots.resize(next.buffers.size());
  times.assign(shared->program(profile).total_steps(), {});
  const std::vector<TensorInfo>& inputs = shared->profiles()[profile].inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (bound_inputs_[i].data() == nullptr && !bound_values_[i]) input_shapes_[i] = inputs[i].opt;
  }
  if (listener_) find_completed();
  active_ = nullptr;
  dirty_ = true;
}

void Context::State::set_shape(std::size_t input, const Shape& shape) {
  if (input_shapes_[input] == shape && !dirty_) return;
  TENON_REQUIRE(shared->inputs()[input].is_tensor, "input '{}' is a {}, which has no shape",
                shared->inputs()[input].name, shared->inputs()[input].type);
  input_shapes_[input] = shape;
  bound_inputs_[input] = Tensor();
  bound_values_[input].reset();
  dirty_ = true;
}

void Context::State::set_input(std::size_t input, Tensor tensor) {
  const TensorInfo& info = shared->inputs()[input];
  if (!info.is_tensor) return set_value(input, std::move(tensor));
  TENON_REQUIRE(tensor.dtype() == info.dtype, "input '{}': expected {}, found {}", info.name,
                name(info.dtype), name(tensor.dtype()));
  if (input_shapes_[input] != tensor.shape()) {
    input_shapes_[input] = tensor.shape();
    dirty_ = true;
  }
  if (by_value(input)) {
    bound_values_[input] = std::move(tensor);
    if (!dirty_) bind_value(*active_, input);
    return;
  }
  bound_inputs_[input] = std::move(tensor);
  if (dirty_) return;
  bind_external(*active_, plan_->inputs[input].buffer.value);
  dirty_ = !values_unchanged();
}

void Context::State::set_value(std::size_t input, Data value) {
  const TensorInfo& info = shared->inputs()[input];
  if (info.is_tensor) {
    TENON_REQUIRE(value.is_tensor(), "input '{}': expected {}, found {}", info.name, info.type,
                  type_of(value).to_string());
    return set_input(input, std::move(value.tensor()));
  }
  const Type& type = plan_->buffer(plan_->inputs[input].buffer).type;
  TENON_REQUIRE(may_hold(type, value), "input '{}': expected {}, found {}", info.name, info.type,
                value.present() ? type_of(value).to_string() : "nothing");
  bound_values_[input] = std::move(value);
  if (!dirty_) bind_value(*active_, input);
}

bool Context::State::by_value(std::size_t input) const {
  return plan_->buffer(plan_->inputs[input].buffer).storage == Buffer::Storage::dynamic;
}

void Context::State::bind_value(Specialization& next, std::size_t input) {
  const std::uint32_t buffer = plan_->inputs[input].buffer.value;
  known_[profile_].slots[buffer] = bound_values_[input].value_or(Data());
  next.views()[buffer].publish();
}

bool Context::State::input_is_set(std::size_t input) const noexcept {
  if (bound_values_[input]) return true;
  if (bound_inputs_[input].data() != nullptr) return true;
  const TensorInfo& info = shared->inputs()[input];
  // A tensor without elements needs no memory.
  return info.is_tensor && info.dtype != DataType::string &&
         std::find(input_shapes_[input].begin(), input_shapes_[input].end(), 0) != input_shapes_[input].end();
}

void Context::State::set_output(std::size_t output, Tensor tensor) {
  const TensorInfo& info = shared->profiles()[profile_].outputs[output];
  TENON_REQUIRE(info.bindable,
                "output '{}': its size is known only after running, so no memory can be bound to it",
                info.name);
  const BufferId root = root_buffer(*plan_, plan_->outputs[output].buffer);
  const bool release = tensor.data() == nullptr;
  if (!release) {
    TENON_REQUIRE(tensor.dtype() == info.dtype, "output '{}': expected {}, found {}", info.name,
                  name(info.dtype), name(tensor.dtype()));
    static_cast<void>(tensor.mutable_data());
    dirty_ = dirty_ || tensor.size_bytes() != active_->bytes(root.value);
  }
  bound_outputs_[output] = release ? Tensor() : std::move(tensor);
  if (!dirty_) bind_external(*active_, root.value);
}

// The elements of an input whose values become dims; while it is not bound, those to be fastest at.
Shape Context::State::values_of(std::size_t input) const {
  if (!plan_->inputs[input].values) return {};
  const Tensor& tensor = bound_inputs_[input];
  if (tensor.data() == nullptr) return shared->profiles()[profile_].inputs[input].values->opt;
  Shape values(static_cast<std::size_t>(tensor.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = integer_at(tensor, i);
  return values;
}

// Whether the inputs whose values become dims still hold those that were prepared for.
bool Context::State::values_unchanged() const noexcept {
  for (std::size_t input = 0; input < plan_->inputs.size(); ++input) {
    const Tensor& tensor = bound_inputs_[input];
    if (!plan_->inputs[input].values || tensor.data() == nullptr) continue;
    const Shape& prepared = active_->shapes().values[input];
    for (std::size_t i = 0; i < prepared.size(); ++i) {
      if (integer_at(tensor, i) != prepared[i]) return false;
    }
  }
  return true;
}

void Context::State::prepare() {
  if (!dirty_ && values_unchanged()) return;
  dirty_ = true;
  active_ = nullptr;
  InputShapes shapes{input_shapes_, {}};
  for (std::size_t i = 0; i < plan_->inputs.size(); ++i) shapes.values.push_back(values_of(i));
  Known& known = known_[profile_];
  auto& all = known.specializations;
  auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one->shapes() == shapes; });
  if (found == all.end()) {
    const Surroundings around{
        {}, known_.size() > 1 ? fmt::format("range of profile {}", profile_) : "profile's range"};
    auto made = std::make_unique<Specialization>(shared->program(profile_), shared->pool(), around,
                                                 std::move(shapes), known.slots);
    if (all.size() == kSpecializations) all.pop_back();
    all.push_back(std::move(made));
    found = all.end() - 1;
  }
  std::rotate(all.begin(), found, found + 1);
  activate(*all.front());
}

void Context::State::activate(Specialization& next) {
  if (own_scratch_.size() < next.own_scratch_bytes()) own_scratch_ = AlignedBuffer(next.own_scratch_bytes());
  next.place(arena_.data(), own_scratch_.data());
  for (std::size_t i = 0; i < plan_->buffers.size(); ++i) {
    const Buffer::Storage storage = plan_->buffers[i].storage;
    if (storage == Buffer::Storage::input || storage == Buffer::Storage::output) bind_external(next, i);
  }
  for (std::size_t i = 0; i < plan_->inputs.size(); ++i) {
    if (by_value(i)) bind_value(next, i);
  }
  active_ = &next;
  dirty_ = false;
}

void Context::State::bind_external(Specialization& next, std::size_t index) {
  const Buffer& buffer = plan_->buffers[index];
  if (buffer.storage == Buffer::Storage::input) {
    next.bind(index, const_cast<std::byte*>(bound_inputs_[buffer.index].data()));
    return;
  }
  Tensor& bound = bound_outputs_[buffer.index];
  const auto bytes = static_cast<std::size_t>(next.bytes(index));
  if (bound.data() != nullptr) {
    TENON_REQUIRE(
        bound.size_bytes() == bytes, "output '{}': the bound tensor has {} bytes, the shape [{}] needs {}",
        shared->outputs()[buffer.index].name, bound.size_bytes(), join(next.views()[index].shape), bytes);
    next.bind(index, bound.mutable_data());
    return;
  }
  AlignedBuffer& own = owned_outputs_[buffer.index];
  if (own.size() < bytes) own = AlignedBuffer(bytes);
  next.bind(index, own.data());
}

Status Context::State::execute() noexcept {
  for (std::size_t i = 0; i < plan_->inputs.size(); ++i) {
    if (!input_is_set(i)) {
      return Status::format(StatusCode::invalid_argument, "input '%.100s' has not been set",
                            plan_->inputs[i].name.c_str());
    }
  }
  if (!values_unchanged()) {
    return Status(StatusCode::not_ready,
                  "the values of an input that become dims have changed: call prepare() before enqueue()");
  }
  for (std::size_t i = 0; i < active_->step_count(); ++i) {
    if (Status status = active_->run_step(i, profiling ? times.data() : nullptr); !status.ok()) return status;
    if (listener_) tell_listener(i);
  }
  return {};
}

void Context::State::set_output_listener(OutputListener listener) {
  listener_ = std::move(listener);
  if (listener_) find_completed();
}

void Context::State::find_completed() {
  std::vector<std::vector<std::size_t>>& completed = known_[profile_].completed;
  if (!completed.empty()) return;
  completed.resize(plan_->steps.size());
  for (std::size_t output = 0; output < plan_->outputs.size(); ++output) {
    const BufferId root = root_buffer(*plan_, plan_->outputs[output].buffer);
    const auto writes = [&](const PlanStep& step) {
      return std::any_of(step.outputs.begin(), step.outputs.end(),
                         [&](BufferId id) { return id.valid() && root_buffer(*plan_, id) == root; });
    };
    const auto last = std::find_if(plan_->steps.rbegin(), plan_->steps.rend(), writes);
    if (last != plan_->steps.rend())
      completed[static_cast<std::size_t>(plan_->steps.rend() - last - 1)].push_back(output);
  }
}

void Context::State::tell_listener(std::size_t step) const noexcept {
  for (const std::size_t index : known_[profile_].completed[step]) {
    const BufferView& view = active_->views()[plan_->outputs[index].buffer.value];
    if (view.slot == nullptr || view.slot->is_tensor()) listener_(index, output(index));
  }
}

Tensor Context::State::output(std::size_t index) const {
  TENON_REQUIRE(!dirty_, "outputs are there after a run");
  const BufferView& view = active_->views()[plan_->outputs[index].buffer.value];
  if (view.slot != nullptr) {
    TENON_REQUIRE(view.slot->is_tensor(), "output '{}' is a {}, not a tensor", plan_->outputs[index].name,
                  shared->outputs()[index].type);
    return view.slot->tensor();
  }
  return Tensor::view(view.dtype, view.shape, view.data);
}

Data Context::State::value(std::size_t index) const {
  TENON_REQUIRE(!dirty_, "outputs are there after a run");
  const BufferView& view = active_->views()[plan_->outputs[index].buffer.value];
  if (view.slot == nullptr || view.slot->is_tensor()) return output(index);
  return *view.slot;
}

Context::Context(std::unique_ptr<State> state) : state_(std::move(state)) {}
Context::Context(Context&&) noexcept = default;
Context& Context::operator=(Context&&) noexcept = default;
Context::~Context() = default;

void Context::set_profile(std::size_t profile) { state_->set_profile(profile); }
std::size_t Context::profile() const noexcept { return state_->profile(); }

void Context::set_shape(std::string_view name, const Shape& shape) {
  state_->set_shape(state_->shared->input_index(name), shape);
}

void Context::set_input(std::string_view name, Tensor tensor) {
  state_->set_input(state_->shared->input_index(name), std::move(tensor));
}

void Context::set_input(std::size_t index, Tensor tensor) {
  TENON_REQUIRE(index < state_->shared->inputs().size(), "the network has {} inputs, none at {}",
                state_->shared->inputs().size(), index);
  state_->set_input(index, std::move(tensor));
}

void Context::set_value(std::string_view name, Data value) {
  state_->set_value(state_->shared->input_index(name), std::move(value));
}

void Context::set_value(std::size_t index, Data value) {
  TENON_REQUIRE(index < state_->shared->inputs().size(), "the network has {} inputs, none at {}",
                state_->shared->inputs().size(), index);
  state_->set_value(index, std::move(value));
}

void Context::set_output(std::string_view name, Tensor tensor) {
  state_->set_output(state_->shared->output_index(name), std::move(tensor));
}

void Context::set_output(std::size_t index, Tensor tensor) {
  TENON_REQUIRE(index < state_->shared->outputs().size(), "the network has {} outputs, none at {}",
                state_->shared->outputs().size(), index);
  state_->set_output(index, std::move(tensor));
}

void Context::prepare() { state_->prepare(); }

void Context::run() {
  state_->prepare();
  state_->execute().throw_if_error();
}

Tensor Context::output(std::string_view name) const {
  return state_->output(state_->shared->output_index(name));
}

Tensor Context::output(std::size_t index) const {
  TENON_REQUIRE(index < state_->shared->outputs().size(), "the network has {} outputs, none at {}",
                state_->shared->outputs().size(), index);
  return state_->output(index);
}

Data Context::value(std::string_view name) const { return state_->value(state_->shared->output_index(name)); }

Data Context::value(std::size_t index) const {
  TENON_REQUIRE(index < state_->shared->outputs().size(), "the network has {} outputs, none at {}",
                state_->shared->outputs().size(), index);
  return state_->value(index);
}

void Context::set_output_listener(OutputListener listener) {
  state_->set_output_listener(std::move(listener));
}

void Context::set_profiling(bool on) noexcept { state_->profiling = on; }
std::span<const Context::StepTime> Context::step_times() const noexcept { return state_->times; }
const Engine& Context::engine() const noexcept { return state_->engine; }

Context Engine::create_context(std::size_t profile) const {
  return Context(std::make_unique<Context::State>(*this, state_, profile));
}

}  // namespace tenon
