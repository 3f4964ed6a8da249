// Counts calls of operator new in the program that has support/allocations.cpp among its sources.
#pragma once

#include <cstddef>

namespace tenon::test {

std::size_t allocation_count() noexcept;

// False under the thread sanitizer, whose own operator new cannot be replaced.
bool allocations_are_counted() noexcept;

}  // namespace tenon::test
