#include "exporters/onnx/tensor_store.hpp"

#include "exporters/onnx/messages.hpp"

#include <array>
#include <ostream>

namespace tenon::onnx_export {
namespace {

constexpr std::uint64_t kAlignment = 64;
constexpr std::size_t kSmall = 1024;  // bytes that stay inline, where shape inference finds them

constexpr std::uint64_t padding(std::uint64_t size) { return (kAlignment - size % kAlignment) % kAlignment; }

}  // namespace

std::string TensorStore::message(std::string_view name, const Tensor& tensor) {
  if (file_.empty() || tensor.dtype() == DataType::string || tensor.size_bytes() <= kSmall)
    return tensor_message(name, tensor);
  const std::uint64_t offset = size_ + padding(size_);
  size_ = offset + tensor.size_bytes();
  external_.push_back(tensor);
  return external_tensor_message(name, tensor, file_, offset);
}

void TensorStore::write(std::ostream& out) const {
  constexpr std::array<char, kAlignment> kZeros{};
  std::uint64_t at = 0;
  for (const Tensor& tensor : external_) {
    const std::uint64_t gap = padding(at);
    out.write(kZeros.data(), static_cast<std::streamsize>(gap));
    out.write(reinterpret_cast<const char*>(tensor.data()),
              static_cast<std::streamsize>(tensor.size_bytes()));
    at += gap + tensor.size_bytes();
  }
}

}  // namespace tenon::onnx_export
