// Stacked: a result of which every iteration gives a slice along a new axis.
//
// Where the shape of the whole is known, a slice goes to its place at once; else the slices are collected and
// the whole is made when their number is known.
#pragma once

#include "runtime/control/body.hpp"

namespace tenon {

class Stacked {
 public:
  // `axis` of the whole, from its end when negative; `reversed`: the first slice comes last.
  explicit Stacked(std::int64_t axis = 0, bool reversed = false) : axis_(axis), reversed_(reversed) {}

  void begin(BufferView& out) noexcept;
  // Says where the body puts slice `index`, its result `i`; the body is prepared. ModelError when that does
  // not fit.
  void bind(Body& body, std::size_t i, std::int64_t index);
  // After the run.
  void advance(const Body& body, std::size_t i, std::int64_t index);
  // `type`: of the whole, for its shape without slices. ModelError when there are too few slices.
  void finish(std::int64_t count, const Type& type, const SymbolValues& symbols);

 private:
  bool known() const noexcept { return out_->slot == nullptr; }
  // Checks the type of the slice, and makes room for it.
  void expect(DataType dtype, const Shape& shape, std::int64_t index);
  std::byte* place_of(std::int64_t index) noexcept;
  void to_whole(const std::byte* slice, std::int64_t index, std::int64_t count, std::byte* whole) const;

  std::int64_t axis_;
  bool reversed_;
  BufferView* out_ = nullptr;
  std::size_t at_ = 0;  // the axis, from the front
  DataType dtype_ = DataType::f32;
  Shape slice_shape_;
  bool begun_ = false;                       // the slices' type is known
  std::size_t outer_ = 1, inner_bytes_ = 0;  // a slice is that many runs of that many bytes
  std::size_t slice_bytes_ = 0;
  AlignedBuffer slices_;  // all of them, or one that has to be spread over the whole
};

// ModelError for types whose elements are no whole bytes, or no plain memory.
void require_whole_bytes(DataType dtype);

}  // namespace tenon
