#include "runtime/control/body.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstring>

namespace tenon {
namespace {

constexpr std::size_t kSpecializations = 16;  // kept of each body

}  // namespace

Data owned_data(const BufferView& view) {
  if (view.slot != nullptr) return *view.slot;
  Tensor copy(view.dtype, view.shape);
  if (copy.size_bytes() != 0) std::memcpy(copy.mutable_data(), view.data, copy.size_bytes());
  return copy;
}

void deliver(const BufferView& from, BufferView& to) {
  if (to.slot != nullptr) {
    *to.slot = owned_data(from);
    to.publish();
    return;
  }
  TENON_REQUIRE(from.slot == nullptr || from.slot->is_tensor(),
                "a result is not the tensor that it should be");
  TENON_REQUIRE(from.dtype == to.dtype && from.shape == to.shape,
                "a result is {}[{}], where {}[{}] was expected", name(from.dtype), join(from.shape),
                name(to.dtype), join(to.shape));
  const std::size_t bytes = storage_bytes(to.dtype, static_cast<std::size_t>(element_count(to.shape)));
  if (bytes != 0 && from.data != to.data) std::memcpy(to.data, from.data, bytes);
}

Body::Body(const Program& program, ThreadPool& pool, const SymbolValues& symbols)
    : program_(program),
      list_(program.list()),
      pool_(pool),
      around_{symbols, "range that the body takes"},
      from_(list_.inputs.size(), nullptr),
      slots_(list_.buffers.size()) {
  for (const PlanTensor& input : list_.inputs) {
    const Type& type = list_.buffer(input.buffer).type;
    shaped_.push_back(type.is_tensor() && type.as_tensor().dims.has_value());
  }
  for (const PlanTensor& output : list_.outputs)
    outputs_.push_back({output.buffer.value, root_buffer(list_, output.buffer).value});
}

void Body::expect(std::vector<Shape> shapes) {
  try {
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      if (!shaped_[i]) shapes[i].clear();
    }
    InputShapes all{std::move(shapes), {}};
    all.values.resize(all.dims.size());
    specialize(std::move(all));
  } catch (const ModelError&) {
    active_ = nullptr;
  }
}

// Empty for what is no tensor, or may have any shape.
const Shape& Body::shape_of_input(std::size_t i) const noexcept {
  static const Shape none;
  const BufferView& view = *from_[i];
  return shaped_[i] && (view.slot == nullptr || view.slot->is_tensor()) ? view.shape : none;
}

bool Body::fits_active() const noexcept {
  if (active_ == nullptr) return false;
  const std::vector<Shape>& shapes = active_->shapes().dims;
  for (std::size_t i = 0; i < from_.size(); ++i) {
    if (shape_of_input(i) != shapes[i]) return false;
  }
  return true;
}

void Body::specialize(InputShapes shapes) {
  active_ = nullptr;
  auto made = std::make_unique<Specialization>(program_, pool_, around_, std::move(shapes), slots_);
  if (specialized_.size() == kSpecializations) {
    if (specialized_.back().get() == placed_) placed_ = nullptr;
    specialized_.pop_back();
  }
  specialized_.insert(specialized_.begin(), std::move(made));
  active_ = specialized_.front().get();
}

void Body::prepare(std::byte* arena) {
  if (!fits_active()) {
    const auto fits = [&](const std::unique_ptr<Specialization>& one) {
      active_ = one.get();
      return fits_active();
    };
    const auto found = std::find_if(specialized_.begin(), specialized_.end(), fits);
    if (found != specialized_.end()) {
      std::rotate(specialized_.begin(), found, found + 1);
    } else {
      InputShapes shapes;
      for (std::size_t i = 0; i < from_.size(); ++i) shapes.dims.push_back(shape_of_input(i));
      shapes.values.resize(shapes.dims.size());
      specialize(std::move(shapes));
    }
  }
  place(arena);
  take_inputs();
}

void Body::place(std::byte* arena) {
  if (!list_.placed) {
    if (arena_.size() < active_->arena_bytes()) {
      arena_ = AlignedBuffer();
      arena_ = AlignedBuffer(active_->arena_bytes());
    }
    arena = arena_.data();
  }
  bool moved = placed_ != active_ || placed_at_ != arena;
  if (own_scratch_.size() < active_->own_scratch_bytes()) {
    own_scratch_ = AlignedBuffer(active_->own_scratch_bytes());
    moved = true;
  }
  if (!moved) return;
  active_->place(arena, own_scratch_.data());
  placed_ = active_;
  placed_at_ = arena;
}

void Body::take_inputs() {
  for (std::size_t i = 0; i < from_.size(); ++i) {
    const BufferView& from = *from_[i];
    const std::size_t buffer = list_.inputs[i].buffer.value;
    BufferView& to = active_->views()[buffer];
    if (to.slot != nullptr) {
      *to.slot = owned_data(from);
      to.publish();
      continue;
    }
    TENON_REQUIRE((from.slot == nullptr || from.slot->is_tensor()) && from.dtype == to.dtype,
                  "'{}' is not of the type {}", list_.inputs[i].name, list_.buffers[buffer].type.to_string());
    if (to.data != from.data) active_->bind(buffer, from.data);
  }
}

Status Body::run(StepTime* times) noexcept {
  for (std::size_t i = 0; i < active_->step_count(); ++i) {
    if (Status status = active_->run_step(i, times); !status.ok()) return status;
  }
  return {};
}

}  // namespace tenon
