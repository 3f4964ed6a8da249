#include "support/allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_THREAD__)
#define TENON_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TENON_COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef TENON_COUNTS_ALLOCATIONS
#define TENON_COUNTS_ALLOCATIONS 1
#endif

namespace {

std::atomic<std::size_t> allocations{0};

#if TENON_COUNTS_ALLOCATIONS
using Align = std::align_val_t;

void* counted(std::size_t size, Align alignment = Align{__STDCPP_DEFAULT_NEW_ALIGNMENT__}) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  const auto unit = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(unit, size == 0 ? unit : (size + unit - 1) / unit * unit);
}

void* present(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
#endif

}  // namespace

#if TENON_COUNTS_ALLOCATIONS
// Every form: a sanitizer brings its own of those that are missing, and they do not mix.
void* operator new(std::size_t n) { return present(counted(n)); }
void* operator new[](std::size_t n) { return present(counted(n)); }
void* operator new(std::size_t n, Align a) { return present(counted(n, a)); }
void* operator new[](std::size_t n, Align a) { return present(counted(n, a)); }
void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return counted(n); }
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept { return counted(n); }
void* operator new(std::size_t n, Align a, const std::nothrow_t&) noexcept { return counted(n, a); }
void* operator new[](std::size_t n, Align a, const std::nothrow_t&) noexcept { return counted(n, a); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, Align) noexcept { std::free(memory); }
void operator delete[](void* memory, Align) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, Align) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, Align) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, Align, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, Align, const std::nothrow_t&) noexcept { std::free(memory); }
#endif

namespace tenon::test {

std::size_t allocation_count() noexcept { return allocations.load(std::memory_order_relaxed); }
bool allocations_are_counted() noexcept { return TENON_COUNTS_ALLOCATIONS != 0; }

}  // namespace tenon::test
