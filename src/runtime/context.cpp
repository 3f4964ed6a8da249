#include "base/context.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "runtime/context_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace tenon {
namespace {

// Runs everything in the calling thread.
ThreadPool& serial_pool() {
  static ThreadPool pool(1);
  return pool;
}

// Nowhere while the whole is nowhere: outputs get their memory late.
std::byte* inside(std::byte* whole, std::uint64_t offset) noexcept {
  return whole != nullptr ? whole + offset : nullptr;
}

}  // namespace

Context::State::State(Engine e, std::shared_ptr<const Engine::State> s)
    : engine(std::move(e)), shared(std::move(s)), plan_(shared->plan()) {
  arena_ = AlignedBuffer(plan_.arena_bytes);
  views_.resize(plan_.buffers.size());
  slots_.resize(plan_.buffers.size());
  bound_inputs_.resize(plan_.inputs.size());
  bound_values_.resize(plan_.inputs.size());
  bound_outputs_.resize(plan_.outputs.size());
  owned_outputs_.resize(plan_.outputs.size());
  steps_.resize(plan_.steps.size());
  times.resize(plan_.steps.size());
  for (const TensorInfo& input : shared->inputs()) input_shapes_.push_back(input.opt);
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
    if (!dirty_) bind_value(input);
    return;
  }
  bound_inputs_[input] = std::move(tensor);
  if (!dirty_) bind_external(plan_.inputs[input].buffer.value);
}

void Context::State::set_value(std::size_t input, Data value) {
  const TensorInfo& info = shared->inputs()[input];
  if (info.is_tensor) {
    TENON_REQUIRE(value.is_tensor(), "input '{}': expected {}, found {}", info.name, info.type,
                  type_of(value).to_string());
    return set_input(input, std::move(value.tensor()));
  }
  const Type& type = plan_.buffer(plan_.inputs[input].buffer).type;
  TENON_REQUIRE(may_hold(type, value), "input '{}': expected {}, found {}", info.name, info.type,
                value.present() ? type_of(value).to_string() : "nothing");
  bound_values_[input] = std::move(value);
  if (!dirty_) bind_value(input);
}

bool Context::State::by_value(std::size_t input) const {
  return plan_.buffer(plan_.inputs[input].buffer).storage == Buffer::Storage::dynamic;
}

void Context::State::bind_value(std::size_t input) {
  const std::uint32_t buffer = plan_.inputs[input].buffer.value;
  slots_[buffer] = bound_values_[input].value_or(Data());
  views_[buffer].publish();
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
  const TensorInfo& info = shared->outputs()[output];
  TENON_REQUIRE(info.bindable,
                "output '{}': its size is known only after running, so no memory can be bound to it",
                info.name);
  const BufferId root = root_buffer(plan_, plan_.outputs[output].buffer);
  const bool release = tensor.data() == nullptr;
  if (!release) {
    TENON_REQUIRE(tensor.dtype() == info.dtype, "output '{}': expected {}, found {}", info.name,
                  name(info.dtype), name(tensor.dtype()));
    static_cast<void>(tensor.mutable_data());
    const auto needed = static_cast<std::size_t>(
        storage_bytes(plan_.buffer(root).type.as_tensor(), views_[root.value].shape));
    dirty_ = dirty_ || tensor.size_bytes() != needed;
  }
  bound_outputs_[output] = release ? Tensor() : std::move(tensor);
  if (!dirty_) bind_external(root.value);
}

void Context::State::prepare() {
  if (!dirty_) return;
  resolve_shapes(bind_symbols(plan_, input_shapes_));
  place_buffers();
  specialize_steps();
  dirty_ = false;
}

void Context::State::resolve_shapes(const SymbolValues& symbols) {
  for (std::size_t i = 0; i < views_.size(); ++i) {
    const Buffer& buffer = plan_.buffers[i];
    BufferView& view = views_[i];
    if (buffer.storage == Buffer::Storage::dynamic) {
      view.slot = &slots_[i];
      view.data = nullptr;
      view.shape.clear();
      continue;
    }
    const TensorType& type = buffer.type.as_tensor();
    const auto dims = concrete_dims(buffer.type, symbols);
    view.dtype = type.dtype;
    TENON_REQUIRE(dims.has_value(), "plan: the shape of buffer '{}' is unknown", buffer.name);
    view.shape = *dims;
    const auto bytes = static_cast<std::uint64_t>(storage_bytes(type, view.shape));
    TENON_REQUIRE(bytes <= buffer.bytes,
                  "buffer '{}' needs {} bytes for the shape [{}], the plan gives it {}", buffer.name, bytes,
                  join(view.shape), buffer.bytes);
  }
}

void Context::State::bind_external(std::size_t index) {
  const Buffer& buffer = plan_.buffers[index];
  BufferView& view = views_[index];
  if (buffer.storage == Buffer::Storage::input) {
    view.data = const_cast<std::byte*>(bound_inputs_[buffer.index].data());
  } else {
    Tensor& bound = bound_outputs_[buffer.index];
    const auto bytes = static_cast<std::size_t>(storage_bytes(buffer.type.as_tensor(), view.shape));
    if (bound.data() != nullptr) {
      TENON_REQUIRE(bound.size_bytes() == bytes,
                    "output '{}': the bound tensor has {} bytes, the shape [{}] needs {}",
                    shared->outputs()[buffer.index].name, bound.size_bytes(), join(view.shape), bytes);
      view.data = bound.mutable_data();
    } else {
      AlignedBuffer& own = owned_outputs_[buffer.index];
      if (own.size() < bytes) own = AlignedBuffer(bytes);
      view.data = own.data();
    }
  }
  // Views of this buffer follow it.
  for (std::size_t i = index + 1; i < views_.size(); ++i) {
    if (plan_.buffers[i].storage != Buffer::Storage::alias) continue;
    views_[i].data = inside(views_[plan_.buffers[i].alias_of.value].data, plan_.buffers[i].offset);
  }
}

void Context::State::place_buffers() {
  for (std::size_t i = 0; i < views_.size(); ++i) {
    const Buffer& buffer = plan_.buffers[i];
    BufferView& view = views_[i];
    switch (buffer.storage) {
      case Buffer::Storage::arena: view.data = arena_.data() + buffer.offset; break;
      case Buffer::Storage::constant: {
        const Tensor& blob = plan_.blobs.at(buffer.index);
        const auto bytes = static_cast<std::size_t>(storage_bytes(buffer.type.as_tensor(), view.shape));
        TENON_REQUIRE(bytes <= blob.size_bytes(), "plan: constant '{}' is larger than its blob", buffer.name);
        view.data = const_cast<std::byte*>(blob.data());
        break;
      }
      case Buffer::Storage::alias: {
        const std::uint32_t whole = buffer.alias_of.value;
        const auto room = static_cast<std::uint64_t>(
            storage_bytes(plan_.buffers[whole].type.as_tensor(), views_[whole].shape));
        const auto bytes = static_cast<std::uint64_t>(storage_bytes(buffer.type.as_tensor(), view.shape));
        TENON_REQUIRE(buffer.offset <= room && bytes <= room - buffer.offset,
                      "plan: buffer '{}' is larger than what it is a view of", buffer.name);
        view.data = inside(views_[whole].data, buffer.offset);
        break;
      }
      case Buffer::Storage::input:
      case Buffer::Storage::output: bind_external(i); break;
      case Buffer::Storage::dynamic: break;
    }
  }
  for (std::size_t i = 0; i < plan_.inputs.size(); ++i) {
    if (by_value(i)) bind_value(i);
  }
}

void Context::State::specialize_steps() {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const PlanStep& step = plan_.steps[i];
    StepSlot& slot = steps_[i];
    slot.inputs.clear();
    slot.outputs.clear();
    std::vector<const Shape*> input_shapes, output_shapes;
    const auto shape_of = [&](BufferId id) -> const Shape* {
      if (!id.valid()) return nullptr;
      return views_[id.value].slot != nullptr ? nullptr : &views_[id.value].shape;
    };
    for (BufferId id : step.inputs) {
      slot.inputs.push_back(id.valid() ? &views_[id.value] : nullptr);
      input_shapes.push_back(shape_of(id));
    }
    for (BufferId id : step.outputs) {
      slot.outputs.push_back(id.valid() ? &views_[id.value] : nullptr);
      output_shapes.push_back(shape_of(id));
    }
    in_context(
        [&] {
          ThreadPool& pool = step.serial ? serial_pool() : shared->pool();
          const StepShapes shapes{input_shapes, output_shapes, pool.size()};
          slot.state = shared->steps()[i]->specialize(shapes);
          const std::size_t scratch = shared->steps()[i]->scratch_bytes(shapes);
          slot.call = {slot.inputs, slot.outputs, slot.state.get(), nullptr, &pool};
          if (scratch <= step.scratch_bytes) {
            slot.call.scratch = arena_.data() + step.scratch_offset;
          } else {
            // More threads than the plan was made for.
            if (slot.own_scratch.size() < scratch) slot.own_scratch = AlignedBuffer(scratch);
            slot.call.scratch = slot.own_scratch.data();
          }
        },
        [&] { return fmt::format("preparing step {} ({}, '{}')", i, step.tactic, step.label); });
  }
}

Status Context::State::execute() noexcept {
  using Clock = std::chrono::steady_clock;
  for (std::size_t i = 0; i < plan_.inputs.size(); ++i) {
    if (!input_is_set(i)) {
      return Status::format(StatusCode::invalid_argument, "input '%.100s' has not been set",
                            plan_.inputs[i].name.c_str());
    }
  }
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const auto start = profiling ? Clock::now() : Clock::time_point();
    const Status status = shared->steps()[i]->run(steps_[i].call);
    if (!status.ok()) {
      return Status::format(status.code(), "step %zu (%.40s): %.*s", i, plan_.steps[i].label.c_str(),
                            static_cast<int>(status.message().size()), status.message().data());
    }
    if (profiling) {
      times[i].total_ns += static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
      times[i].runs += 1;
    }
  }
  return {};
}

Tensor Context::State::output(std::size_t index) const {
  TENON_REQUIRE(!dirty_, "outputs are there after a run");
  const BufferId id = plan_.outputs[index].buffer;
  const BufferView& view = views_[id.value];
  if (view.slot != nullptr) {
    TENON_REQUIRE(view.slot->is_tensor(), "output '{}' is a {}, not a tensor", plan_.outputs[index].name,
                  shared->outputs()[index].type);
    return view.slot->tensor();
  }
  return Tensor::view(view.dtype, view.shape, view.data);
}

Data Context::State::value(std::size_t index) const {
  const BufferView& view = views_[plan_.outputs[index].buffer.value];
  if (view.slot == nullptr || view.slot->is_tensor()) return output(index);
  TENON_REQUIRE(!dirty_, "outputs are there after a run");
  return *view.slot;
}

Context::Context(std::unique_ptr<State> state) : state_(std::move(state)) {}
Context::Context(Context&&) noexcept = default;
Context& Context::operator=(Context&&) noexcept = default;
Context::~Context() = default;

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

void Context::set_profiling(bool on) noexcept { state_->profiling = on; }
std::span<const Context::StepTime> Context::step_times() const noexcept { return state_->times; }
const Engine& Context::engine() const noexcept { return state_->engine; }

Context Engine::create_context() const { return Context(std::make_unique<Context::State>(*this, state_)); }

}  // namespace tenon
