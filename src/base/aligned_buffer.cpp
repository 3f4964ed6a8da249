#include "base/aligned_buffer.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>
#include <sys/mman.h>

#include <cstring>

namespace tenon {
namespace {

// A huge page of x86-64 and aarch64. What spans several is aligned to them and asks for them: a network walks
// through more memory than a TLB covers with small pages.
constexpr std::size_t kHugePage = std::size_t{2} << 20;

}  // namespace

AlignedBuffer::AlignedBuffer(std::size_t size) : size_(size) {
  if (size == 0) return;
  const bool huge = size >= kHugePage;
  const std::align_val_t alignment{huge ? kHugePage : kAlignment};
  void* data = operator new(size, alignment, std::nothrow);
  if (data == nullptr) throw DeviceError(fmt::format("cannot allocate {} bytes", size));
  data_ = {static_cast<std::byte*>(data), Free{alignment}};
#ifdef MADV_HUGEPAGE
  // A wish: kernels that cannot or may not fulfil it leave small pages.
  if (huge) madvise(data, size / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
}

void AlignedBuffer::fill_zero() noexcept {
  if (data_) std::memset(data(), 0, size());
}

void AlignedBuffer::Free::operator()(std::byte* data) const noexcept { operator delete(data, alignment); }

}  // namespace tenon
