#include "runtime/specialization.hpp"

#include "base/check.hpp"
#include "base/context.hpp"
#include "base/text.hpp"
#include "plan/ahead.hpp"

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

// Nowhere while the whole is nowhere: inputs and outputs get their memory late.
std::byte* inside(std::byte* whole, std::uint64_t offset) noexcept {
  return whole != nullptr ? whole + offset : nullptr;
}

}  // namespace

Specialization::Specialization(const Program& program, ThreadPool& pool, const Surroundings& around,
                               InputShapes shapes, std::vector<Data>& slots)
    : program_(program),
      list_(program.list()),
      pool_(pool),
      shapes_(std::move(shapes)),
      symbols_(bind_symbols(list_, shapes_, around)),
      views_(list_.buffers.size()),
      bytes_(list_.buffers.size()),
      operands_(list_.steps.size()),
      calls_(list_.steps.size()),
      arena_bytes_(list_.arena_bytes) {
  resolve_shapes(slots);
  check_views();
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    in_context([&] { specialize_step(i); },
               [&] {
                 const PlanStep& step = list_.steps[i];
                 return fmt::format("preparing step {} ({}, '{}')", i, step.tactic, step.label);
               });
  }
  if (!list_.placed) find_places();
  plan_ahead();
}

void Specialization::resolve_shapes(std::vector<Data>& slots) {
  for (std::size_t i = 0; i < views_.size(); ++i) {
    const Buffer& buffer = list_.buffers[i];
    BufferView& view = views_[i];
    if (buffer.storage == Buffer::Storage::dynamic) {
      view.slot = &slots[i];
      continue;
    }
    const TensorType& type = buffer.type.as_tensor();
    auto dims = concrete_dims(buffer.type, symbols_);
    TENON_REQUIRE(dims.has_value(), "plan: the shape of buffer '{}' is unknown", buffer.name);
    view.dtype = type.dtype;
    view.shape = std::move(*dims);
    TENON_REQUIRE(
        std::all_of(view.shape.begin(), view.shape.end(), [](std::int64_t dim) { return dim >= 0; }),
        "'{}' would have the shape [{}] at these shapes of the inputs", buffer.name, join(view.shape));
    bytes_[i] = static_cast<std::uint64_t>(storage_bytes(type, view.shape));
    TENON_REQUIRE(!list_.placed || bytes_[i] <= buffer.bytes,
                  "buffer '{}' needs {} bytes for the shape [{}], the plan gives it {}", buffer.name,
                  bytes_[i], join(view.shape), buffer.bytes);
  }
}

void Specialization::check_views() const {
  for (std::size_t i = 0; i < views_.size(); ++i) {
    const Buffer& buffer = list_.buffers[i];
    if (buffer.storage == Buffer::Storage::constant) {
      TENON_REQUIRE(bytes_[i] <= program_.plan().blobs.at(buffer.index).size_bytes(),
                    "plan: constant '{}' is larger than its blob", buffer.name);
    }
    if (buffer.storage != Buffer::Storage::alias) continue;
    const std::size_t whole = buffer.alias_of.value;
    const bool inside = buffer.offset <= bytes_[whole] && bytes_[i] <= bytes_[whole] - buffer.offset;
    TENON_REQUIRE(inside && (buffer.part || bytes_[i] == bytes_[whole]),
                  "'{}' with the shape [{}] cannot be viewed as '{}' with the shape [{}]",
                  list_.buffers[whole].name, join(views_[whole].shape), buffer.name, join(views_[i].shape));
  }
}

void Specialization::specialize_step(std::size_t i) {
  const PlanStep& step = list_.steps[i];
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
  const StepShapes shapes{input_shapes, output_shapes, pool.size(), &pool, &symbols_};
  operands.state = program_.step(i).specialize(shapes);
  operands.scratch_bytes = program_.step(i).scratch_bytes(shapes);
  operands.lines_ahead = program_.step(i).lines_ahead(operands.state.get());
  if (list_.placed && operands.scratch_bytes > step.scratch_bytes)
    own_scratch_bytes_ = std::max(own_scratch_bytes_, operands.scratch_bytes);
  calls_[i] = {operands.inputs, operands.outputs, operands.state.get(), nullptr, &pool, nullptr};
}

// The nearest step asks for the last of the constants.
void Specialization::plan_ahead() {
  constexpr std::size_t kReach = 4;  // steps
  constexpr std::size_t kLine = 64;
  for (std::size_t i = 1; i < calls_.size(); ++i) {
    const PlanStep& step = list_.steps[i];
    std::uint64_t operands = 0;
    for (const auto* const ids : {&step.inputs, &step.outputs}) {
      for (const BufferId id : *ids) operands += id.valid() ? bytes_[id.value] : 0;
    }
    std::span<const std::byte> left =
        constants_ahead(program_.weights_of(step), operands, calls_[i].pool->size());
    for (std::size_t before = i; before-- > 0 && before + kReach >= i && !left.empty();) {
      if (!calls_[before].ahead.empty()) continue;
      const std::size_t most = static_cast<std::size_t>(operands_[before].lines_ahead) * kLine;
      const std::size_t taken = std::min(left.size(), most);
      calls_[before].ahead = left.last(taken);
      left = left.first(left.size() - taken);
    }
  }
}

void Specialization::find_places() {
  std::vector<std::uint64_t> scratch;
  for (const Operands& operands : operands_) scratch.push_back(operands.scratch_bytes);
  places_ = std::make_unique<const Placement>(place_list(list_, bytes_, scratch));
  arena_bytes_ = places_->arena_bytes;
}

void Specialization::place(std::byte* arena, std::byte* own_scratch) {
  for (std::size_t i = 0; i < views_.size(); ++i) {
    const Buffer& buffer = list_.buffers[i];
    BufferView& view = views_[i];
    switch (buffer.storage) {
      case Buffer::Storage::arena: view.data = arena + (places_ ? places_->buffers[i] : buffer.offset); break;
      case Buffer::Storage::constant:
        view.data = const_cast<std::byte*>(program_.plan().blobs.at(buffer.index).data());
        break;
      case Buffer::Storage::alias:
        view.data = inside(views_[buffer.alias_of.value].data, buffer.offset);
        break;
      case Buffer::Storage::input:
      case Buffer::Storage::output: view.data = nullptr; break;
      case Buffer::Storage::dynamic:
        view.data = nullptr;
        view.shape.clear();
        break;
    }
  }
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const PlanStep& step = list_.steps[i];
    const std::uint64_t offset = places_ ? places_->scratch[i] : step.scratch_offset;
    const bool fits = !list_.placed || operands_[i].scratch_bytes <= step.scratch_bytes;
    calls_[i].scratch = fits ? arena + offset : own_scratch;
  }
}

void Specialization::bind(std::size_t buffer, std::byte* data) noexcept {
  views_[buffer].data = data;
  for (const std::uint32_t view : program_.views_of(buffer)) {
    const Buffer& alias = list_.buffers[view];
    views_[view].data = inside(views_[alias.alias_of.value].data, alias.offset);
  }
}

Status Specialization::run_step(std::size_t i, StepTime* times) noexcept {
  using Clock = std::chrono::steady_clock;
  StepTime* own = times == nullptr ? nullptr : times + program_.position(i);
  calls_[i].times = own == nullptr ? nullptr : own + 1;
  const auto start = own != nullptr ? Clock::now() : Clock::time_point();
  const Status status = program_.step(i).run(calls_[i]);
  if (!status.ok()) {
    return Status::format(status.code(), "step %zu (%.40s): %.*s", i, list_.steps[i].label.c_str(),
                          static_cast<int>(status.message().size()), status.message().data());
  }
  if (own != nullptr) {
    own->total_ns += static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
    own->runs += 1;
  }
  return status;
}

}  // namespace tenon
