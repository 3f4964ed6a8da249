// Counts what enqueue allocates: nothing.
#include "networks.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment < sizeof(void*) ? sizeof(void*) : alignment, size) != 0)
    throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace tenon {
namespace {

TEST(Enqueue, AllocatesNothing) {
  const Engine engine = test::build_conv_net();
  for (const StepInfo& step : engine.steps()) EXPECT_FALSE(step.tactic.starts_with("ref.")) << step.tactic;
  Context context = engine.create_context();
  context.set_input("x", test::random_tensor({2, 3, 16, 16}, 1));
  context.prepare();
  Stream stream;
  ASSERT_TRUE(context.enqueue(stream).ok());
  ASSERT_TRUE(stream.synchronize().ok());
  const std::size_t before = allocations.load();
  ASSERT_GT(before, 0u) << "the counter is not in place";
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(context.enqueue(stream).ok());
    ASSERT_TRUE(stream.synchronize().ok());
  }
  EXPECT_EQ(allocations.load(), before);
}

}  // namespace
}  // namespace tenon
