// How memory-bound families spread their work: units that are independent of each other, split statically.
#pragma once

#include "base/thread_pool.hpp"

#include <cstddef>

namespace tenon::cpu {

// A task that moves less is not worth waking a thread for.
inline constexpr std::ptrdiff_t kTaskBytes = 64 << 10;

// kernel(args, begin, end) over [0, units); a unit moves about `bytes`.
template <class Args>
void run_units(void (*kernel)(const Args&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept,
               const Args& args, std::ptrdiff_t units, std::ptrdiff_t bytes, ThreadPool& pool) {
  if (units <= 0) return;
  const std::ptrdiff_t grain = bytes >= kTaskBytes ? 1 : kTaskBytes / (bytes > 0 ? bytes : 1);
  pool.run_ranges(static_cast<std::size_t>(units), static_cast<std::size_t>(grain),
                  [&](std::size_t begin, std::size_t end, int) {
                    kernel(args, static_cast<std::ptrdiff_t>(begin), static_cast<std::ptrdiff_t>(end));
                  });
}

}  // namespace tenon::cpu
