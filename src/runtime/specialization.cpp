#include "runtime/specialization.hpp"

#include "base/check.hpp"
#include "base/context.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace {

// Runs everything in the calling thread.
ThreadPool& serial_pool() {
  static ThreadPool pool(1);
  return pool;
}

}  // namespace

Specialization::Specialization(const Plan& plan, std::size_t profile,
                               const std::vector<std::unique_ptr<Step>>& steps, ThreadPool& pool,
                               InputShapes shapes, std::vector<Data>& slots)
    : plan_(plan),
      profile_(plan.profiles.at(profile)),
      steps_(steps),
      pool_(pool),
      shapes_(std::move(shapes)),
      views_(profile_.buffers.size()),
      bytes_(profile_.buffers.size()),
      operands_(profile_.steps.size()),
      calls_(profile_.steps.size()) {
  resolve_shapes(bind_symbols(plan, profile, shapes_), slots);
  check_views();
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    in_context([&] { specialize_step(i); },
               [&] {
                 const PlanStep& step = profile_.steps[i];
                 return fmt::format("preparing step {} ({}, '{}')", i, step.tactic, step.label);
               });
  }
}

void Specialization::resolve_shapes(const SymbolValues& symbols, std::vector<Data>& slots) {
  for (std::size_t i = 0; i < views_.size(); ++i) {
    const Buffer& buffer = profile_.buffers[i];
    BufferView& view = views_[i];
    if (buffer.storage == Buffer::Storage::dynamic) {
      view.slot = &slots[i];
      continue;
    }
    const TensorType& type = buffer.type.as_tensor();
    auto dims = concrete_dims(buffer.type, symbols);
    TENON_REQUIRE(dims.has_value(), "plan: the shape of buffer '{}' is unknown", buffer.name);
    view.dtype = type.dtype;
    view.shape = std::move(*dims);
    TENON_REQUIRE(
        std::all_of(view.shape.begin(), view.shape.end(), [](std::int64_t dim) { return dim >= 0; }),
        "'{}' would have the shape [{}] at these shapes of the inputs", buffer.name, join(view.shape));
    bytes_[i] = static_cast<std::uint64_t>(storage_bytes(type, view.shape));
    TENON_REQUIRE(bytes_[i] <= buffer.bytes,
                  "buffer '{}' needs {} bytes for the shape [{}], the plan gives it {}", buffer.name,
                  bytes_[i], join(view.shape), buffer.bytes);
  }
}

void Specialization::check_views() const {
  for (std::size_t i = 0; i < views_.size(); ++i) {
    const Buffer& buffer = profile_.buffers[i];
    if (buffer.storage == Buffer::Storage::constant) {
      TENON_REQUIRE(bytes_[i] <= plan_.blobs.at(buffer.index).size_bytes(),
                    "plan: constant '{}' is larger than its blob", buffer.name);
    }
    if (buffer.storage != Buffer::Storage::alias) continue;
    const std::size_t whole = buffer.alias_of.value;
    const bool inside = buffer.offset <= bytes_[whole] && bytes_[i] <= bytes_[whole] - buffer.offset;
    TENON_REQUIRE(inside && (buffer.part || bytes_[i] == bytes_[whole]),
                  "'{}' with the shape [{}] cannot be viewed as '{}' with the shape [{}]",
                  profile_.buffers[whole].name, join(views_[whole].shape), buffer.name,
                  join(views_[i].shape));
  }
}

void Specialization::specialize_step(std::size_t i) {
  const PlanStep& step = profile_.steps[i];
  Operands& operands = operands_[i];
  std::vector<const Shape*> input_shapes, output_shapes;
  const auto shape_of = [&](BufferId id) -> const Shape* {
    return id.valid() && views_[id.value].slot == nullptr ? &views_[id.value].shape : nullptr;
  };
  for (BufferId id : step.inputs) {
    operands.inputs.push_back(id.valid() ? &views_[id.value] : nullptr);
    input_shapes.push_back(shape_of(id));
  }
  for (BufferId id : step.outputs) {
    operands.outputs.push_back(id.valid() ? &views_[id.value] : nullptr);
    output_shapes.push_back(shape_of(id));
  }
  ThreadPool& pool = step.serial ? serial_pool() : pool_;
  const StepShapes shapes{input_shapes, output_shapes, pool.size()};
  operands.state = steps_[i]->specialize(shapes);
  operands.scratch_bytes = steps_[i]->scratch_bytes(shapes);
  if (operands.scratch_bytes > step.scratch_bytes)
    own_scratch_bytes_ = std::max(own_scratch_bytes_, operands.scratch_bytes);
  calls_[i] = {operands.inputs, operands.outputs, operands.state.get(), nullptr, &pool};
}

void Specialization::place_scratch(std::byte* arena, std::byte* own) {
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const PlanStep& step = profile_.steps[i];
    calls_[i].scratch = operands_[i].scratch_bytes <= step.scratch_bytes ? arena + step.scratch_offset : own;
  }
}

}  // namespace tenon
