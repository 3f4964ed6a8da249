#include "runtime/control/stacked.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstring>
#include <span>

namespace tenon {

void require_whole_bytes(DataType dtype) {
  TENON_REQUIRE(bit_width(dtype) >= 8, "tensors of {} have no slices at whole bytes", name(dtype));
}

void Stacked::begin(BufferView& out) noexcept {
  out_ = &out;
  begun_ = false;
}

void Stacked::expect(DataType dtype, const Shape& shape, std::int64_t index) {
  if (!begun_) {
    require_whole_bytes(dtype);
    begun_ = true;
    dtype_ = dtype;
    slice_shape_ = shape;
    const auto rank = static_cast<std::int64_t>(shape.size()) + 1;
    const std::int64_t at = axis_ < 0 ? axis_ + rank : axis_;
    TENON_REQUIRE(at >= 0 && at < rank, "slices of rank {} cannot be stacked along axis {}", rank - 1, axis_);
    at_ = static_cast<std::size_t>(at);
    outer_ = static_cast<std::size_t>(element_count(std::span(shape).first(at_)));
    slice_bytes_ = storage_bytes(dtype, static_cast<std::size_t>(element_count(shape)));
    inner_bytes_ = outer_ == 0 ? 0 : slice_bytes_ / outer_;
    if (known()) {
      const std::span<const std::int64_t> whole(out_->shape), slice(shape);
      const bool fits = dtype == out_->dtype && whole.size() == slice.size() + 1 &&
                        std::ranges::equal(whole.first(at_), slice.first(at_)) &&
                        std::ranges::equal(whole.subspan(at_ + 1), slice.subspan(at_));
      TENON_REQUIRE(fits, "slices [{}] for the whole [{}]", join(shape), join(out_->shape));
    }
  }
  TENON_REQUIRE(dtype == dtype_ && shape == slice_shape_,
                "iteration {} gives [{}], those before gave [{}]: such results cannot be stacked", index,
                join(shape), join(slice_shape_));
  if (known()) {
    TENON_REQUIRE(index < out_->shape[at_], "more than the expected {} iterations", out_->shape[at_]);
    if (outer_ != 1 && slices_.size() < slice_bytes_) slices_ = AlignedBuffer(slice_bytes_);
    return;
  }
  const std::size_t needed = slice_bytes_ * static_cast<std::size_t>(index + 1);
  if (slices_.size() >= needed) return;
  AlignedBuffer more(std::max<std::size_t>(needed, 2 * slices_.size()));
  if (index > 0) std::memcpy(more.data(), slices_.data(), slice_bytes_ * static_cast<std::size_t>(index));
  slices_ = std::move(more);
}

std::byte* Stacked::place_of(std::int64_t index) noexcept {
  if (!known()) return slices_.data() + slice_bytes_ * static_cast<std::size_t>(index);
  if (outer_ != 1) return slices_.data();
  const std::int64_t at = reversed_ ? out_->shape[at_] - 1 - index : index;
  return out_->data + slice_bytes_ * static_cast<std::size_t>(at);
}

void Stacked::bind(Body& body, std::size_t i, std::int64_t index) {
  const BufferView& slice = body.output(i);
  if (slice.slot != nullptr) return;
  expect(slice.dtype, slice.shape, index);
  body.bind_output(i, place_of(index));
}

void Stacked::advance(const Body& body, std::size_t i, std::int64_t index) {
  const BufferView& slice = body.output(i);
  if (slice.slot != nullptr) {
    TENON_REQUIRE(slice.slot->is_tensor(), "only tensors can be stacked");
    expect(slice.dtype, slice.shape, index);
    if (slice_bytes_ != 0) std::memcpy(place_of(index), slice.data, slice_bytes_);
  }
  if (known() && outer_ != 1) to_whole(slices_.data(), index, out_->shape[at_], out_->data);
}

void Stacked::to_whole(const std::byte* slice, std::int64_t index, std::int64_t count,
                       std::byte* whole) const {
  if (slice_bytes_ == 0) return;
  const auto at = static_cast<std::size_t>(reversed_ ? count - 1 - index : index);
  const std::size_t stride = inner_bytes_ * static_cast<std::size_t>(count);
  for (std::size_t run = 0; run < outer_; ++run)
    std::memcpy(whole + run * stride + at * inner_bytes_, slice + run * inner_bytes_, inner_bytes_);
}

void Stacked::finish(std::int64_t count, const Type& type, const SymbolValues& symbols) {
  if (known()) {
    const bool complete = begun_ ? count == out_->shape[at_] : element_count(out_->shape) == 0;
    TENON_REQUIRE(complete, "{} iterations are too few for a result of the shape [{}]", count,
                  join(out_->shape));
    return;
  }
  Shape shape = slice_shape_;
  if (begun_) {
    shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(at_), count);
  } else {
    shape = {0};
    if (type.is_tensor() && type.as_tensor().dims) {
      shape.clear();
      for (const Dim& dim : *type.as_tensor().dims) shape.push_back(dim.eval(symbols).value_or(0));
    }
  }
  Tensor whole(begun_ ? dtype_ : type.as_tensor().dtype, std::move(shape));
  for (std::int64_t index = 0; index < count && begun_; ++index)
    to_whole(slices_.data() + slice_bytes_ * static_cast<std::size_t>(index), index, count,
             whole.mutable_data());
  *out_->slot = std::move(whole);
  out_->publish();
}

}  // namespace tenon
