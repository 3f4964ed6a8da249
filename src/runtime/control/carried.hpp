// Carried: a value that goes from one iteration of a loop to the next. An iteration reads it in one place and
// writes it to another: where its shape is fixed, these are the loop's output and a part of its scratch
// memory, else memory of its own.
#pragma once

#include "runtime/control/body.hpp"

#include <array>

namespace tenon {

class Carried {
 public:
  // `from`: its first value. `out`: where the last one goes. `partner`: as many bytes as `out` has, where
  // that is plain memory.
  void begin(const BufferView& from, BufferView& out, std::byte* partner) noexcept;
  const BufferView& current() const noexcept { return *current_; }
  // Says where the body puts the next value, its result `i`; the body is prepared. ModelError when that does
  // not fit.
  void bind(Body& body, std::size_t i);
  // After the run.
  void advance(const Body& body, std::size_t i);
  // ModelError when the last value does not fit.
  void finish() { deliver(*current_, *out_); }

 private:
  BufferView* out_ = nullptr;
  std::byte* partner_ = nullptr;
  const BufferView* current_ = nullptr;
  BufferView view_;  // of the value, after the first iteration
  Data data_;        // what view_ shows, where that is no plain memory
  std::array<AlignedBuffer, 2> own_;
};

}  // namespace tenon
