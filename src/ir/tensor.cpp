#include "base/aligned_buffer.hpp"
#include "base/check.hpp"

#include <tenon/error.hpp>
#include <tenon/tensor.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace tenon {
namespace {

// Keeps every byte count and pointer difference far from overflow.
constexpr std::int64_t kMaxElements = std::int64_t{1} << 56;

std::shared_ptr<std::byte> allocate_bytes(std::size_t size) {
  const auto buffer = std::make_shared<AlignedBuffer>(std::max<std::size_t>(size, 1));
  buffer->fill_zero();
  return {buffer, buffer->data()};
}

// The bits of the last byte that belong to elements; 0 when all bytes are whole.
unsigned tail_mask(DataType dtype, std::int64_t elements) {
  const int bits = bit_width(dtype);
  if (bits == 0 || bits >= 8) return 0;
  const auto used = static_cast<unsigned>(elements * bits % 8);
  return used == 0 ? 0 : (1U << used) - 1;
}

}  // namespace

std::int64_t element_count(std::span<const std::int64_t> shape) {
  std::int64_t count = 1;
  bool overflow = false;
  bool zero = false;
  for (const std::int64_t dim : shape) {
    TENON_REQUIRE(dim >= 0, "a shape has the negative dimension {}", dim);
    zero = zero || dim == 0;
    overflow = overflow || __builtin_mul_overflow(count, dim, &count);
  }
  if (zero) return 0;
  TENON_REQUIRE(!overflow, "the number of elements of a shape does not fit in 63 bits");
  return count;
}

Tensor::Tensor() : shape_{0} {}

Tensor::Tensor(DataType dtype, Shape shape)
    : dtype_(dtype), elements_(element_count(shape)), shape_(std::move(shape)) {
  TENON_REQUIRE(elements_ <= kMaxElements, "a tensor of {} elements is too large", elements_);
  if (dtype == DataType::string) {
    auto strings = std::make_shared<std::vector<std::string>>(static_cast<std::size_t>(elements_));
    data_ = reinterpret_cast<std::byte*>(strings->data());
    owner_ = std::move(strings);
    return;
  }
  auto bytes = allocate_bytes(size_bytes());
  data_ = bytes.get();
  owner_ = std::move(bytes);
}

Tensor Tensor::strings(Shape shape, std::vector<std::string> values) {
  Tensor tensor;
  tensor.dtype_ = DataType::string;
  tensor.elements_ = element_count(shape);
  tensor.shape_ = std::move(shape);
  if (static_cast<std::size_t>(tensor.elements_) != values.size()) {
    detail::throw_wrong_count(tensor.elements_, values.size());
  }
  auto owner = std::make_shared<std::vector<std::string>>(std::move(values));
  tensor.data_ = reinterpret_cast<std::byte*>(owner->data());
  tensor.owner_ = std::move(owner);
  return tensor;
}

Tensor Tensor::view(DataType dtype, Shape shape, void* data, std::shared_ptr<const void> owner,
                    MemorySpace space) {
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.elements_ = element_count(shape);
  TENON_REQUIRE(tensor.elements_ <= kMaxElements, "a tensor of {} elements is too large", tensor.elements_);
  tensor.shape_ = std::move(shape);
  tensor.space_ = space;
  tensor.data_ = static_cast<std::byte*>(data);
  tensor.owner_ = std::move(owner);
  return tensor;
}

Tensor Tensor::view_const(DataType dtype, Shape shape, const void* data, std::shared_ptr<const void> owner,
                          MemorySpace space) {
  Tensor tensor = view(dtype, std::move(shape), const_cast<void*>(data), std::move(owner), space);
  tensor.writable_ = false;
  return tensor;
}

std::byte* Tensor::mutable_data() {
  TENON_REQUIRE(writable_, "the memory of this {} tensor is read-only", tenon::name(dtype_));
  return data_;
}

Tensor Tensor::reshaped(Shape shape) const {
  const std::int64_t count = element_count(shape);
  TENON_REQUIRE(count == elements_, "a tensor of {} elements cannot take a shape of {}", elements_, count);
  Tensor result = *this;
  result.shape_ = std::move(shape);
  return result;
}

Tensor Tensor::clone() const {
  TENON_CHECK(space_.kind != MemorySpace::Kind::device,
              "a tensor in device memory cannot be cloned on the host");
  Tensor copy(dtype_, shape_);
  if (dtype_ == DataType::string) {
    const auto from = values<std::string>();
    std::copy(from.begin(), from.end(), copy.mutable_values<std::string>().begin());
  } else if (elements_ > 0) {
    std::memcpy(copy.data_, data_, size_bytes());
  }
  return copy;
}

bool Tensor::identical(const Tensor& other) const noexcept {
  if (dtype_ != other.dtype_ || shape_ != other.shape_) return false;
  if (data_ == other.data_ || elements_ == 0) return true;
  if (space_.kind == MemorySpace::Kind::device || other.space_.kind == MemorySpace::Kind::device)
    return false;
  if (dtype_ == DataType::string) {
    const auto* a = reinterpret_cast<const std::string*>(data_);
    const auto* b = reinterpret_cast<const std::string*>(other.data_);
    return std::equal(a, a + elements_, b);
  }
  const std::size_t size = size_bytes();
  const unsigned mask = tail_mask(dtype_, elements_);
  if (mask == 0) return std::memcmp(data_, other.data_, size) == 0;
  return std::memcmp(data_, other.data_, size - 1) == 0 &&
         (std::to_integer<unsigned>(data_[size - 1]) & mask) ==
             (std::to_integer<unsigned>(other.data_[size - 1]) & mask);
}

namespace detail {

void throw_wrong_dtype(DataType asked, DataType actual) {
  throw ModelError(fmt::format("expected a tensor of {}, found {}", name(asked), name(actual)));
}

void throw_wrong_count(std::int64_t expected, std::size_t found) {
  throw ModelError(fmt::format("a tensor of {} elements needs as many values, found {}", expected, found));
}

}  // namespace detail
}  // namespace tenon
