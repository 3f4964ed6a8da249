#include "base/aligned_buffer.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <cstring>
#include <new>

namespace tenon {

AlignedBuffer::AlignedBuffer(std::size_t size) : size_(size) {
  if (size == 0) return;
  void* data = operator new (size, std::align_val_t{kAlignment}, std::nothrow);
  if (data == nullptr) throw DeviceError(fmt::format("cannot allocate {} bytes", size));
  data_.reset(static_cast<std::byte*>(data));
}

void AlignedBuffer::fill_zero() noexcept {
  if (data_) std::memset(data(), 0, size());
}

void AlignedBuffer::Free::operator()(std::byte* data) const noexcept {
  operator delete (data, std::align_val_t{kAlignment});
}

}  // namespace tenon
