// Counts calls of operator new in this program.
#pragma once

#include <cstddef>

namespace tenon::test {

std::size_t allocation_count() noexcept;

}  // namespace tenon::test
