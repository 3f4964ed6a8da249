// Owned bytes at a cache line's alignment, from 2 MiB on at a huge page's.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>

namespace tenon {

// Movable, not copyable. The bytes are not initialised. Running out of memory is a DeviceError.
class AlignedBuffer {
 public:
  static constexpr std::size_t kAlignment = 64;

  AlignedBuffer() noexcept = default;
  explicit AlignedBuffer(std::size_t size);

  std::byte* data() noexcept { return data_.get(); }
  const std::byte* data() const noexcept { return data_.get(); }
  std::size_t size() const noexcept { return data_ ? size_ : 0; }
  bool empty() const noexcept { return size() == 0; }

  std::span<std::byte> bytes() noexcept { return {data(), size()}; }
  std::span<const std::byte> bytes() const noexcept { return {data(), size()}; }

  template <class T>
  T* as() noexcept {
    static_assert(alignof(T) <= kAlignment);
    return reinterpret_cast<T*>(data());
  }
  template <class T>
  const T* as() const noexcept {
    static_assert(alignof(T) <= kAlignment);
    return reinterpret_cast<const T*>(data());
  }

  void fill_zero() noexcept;

 private:
  struct Free {
    std::align_val_t alignment;
    void operator()(std::byte* data) const noexcept;
  };

  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace tenon
