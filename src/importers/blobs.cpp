#include "importers/blobs.hpp"

#include <cstdint>
#include <cstring>

namespace tenon {

Tensor BlobViews::view(DataType dtype, const Shape& shape, std::string_view bytes) {
  if (bytes.empty()) return Tensor(dtype, shape);
  const auto width = static_cast<std::uintptr_t>(bit_width(dtype) / 8);
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % width == 0)
    return Tensor::view_const(dtype, shape, bytes.data(), memory_);
  Tensor& copy = copies_[{bytes.data(), bytes.size()}];
  if (copy.size_bytes() == 0) {
    copy = Tensor(DataType::u8, {static_cast<std::int64_t>(bytes.size())});
    std::memcpy(copy.mutable_data(), bytes.data(), bytes.size());
  }
  return Tensor::view_const(dtype, shape, copy.data(), std::make_shared<Tensor>(copy));
}

}  // namespace tenon
