#include "runtime/control/carried.hpp"

#include "base/check.hpp"

namespace tenon {

void Carried::begin(const BufferView& from, BufferView& out, std::byte* partner) noexcept {
  current_ = &from;
  out_ = &out;
  partner_ = partner;
}

void Carried::bind(Body& body, std::size_t i) {
  const BufferView& result = body.output(i);
  if (result.slot != nullptr) return;
  const std::byte* in_use = current_->data;
  if (out_->slot == nullptr) {
    TENON_REQUIRE(result.dtype == out_->dtype && result.shape == out_->shape,
                  "a carried value changes its type from one iteration to the next");
    body.bind_output(i, in_use == out_->data ? partner_ : out_->data);
    return;
  }
  AlignedBuffer& next = in_use != nullptr && in_use == own_[0].data() ? own_[1] : own_[0];
  if (next.size() < body.output_bytes(i)) next = AlignedBuffer(body.output_bytes(i));
  body.bind_output(i, next.data());
}

void Carried::advance(const Body& body, std::size_t i) {
  const BufferView& result = body.output(i);
  if (result.slot != nullptr) {
    data_ = *result.slot;
    view_.slot = &data_;
    view_.publish();
  } else {
    view_.data = result.data;
    view_.dtype = result.dtype;
    view_.shape = result.shape;
    view_.slot = nullptr;
  }
  current_ = &view_;
}

}  // namespace tenon
