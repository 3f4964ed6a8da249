// Raw deflate streams, as zip files hold them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace tenon {

// The `size` bytes (below 2^31) that `packed` stands for. ModelError when it is damaged or stands for another
// number of bytes.
std::vector<std::byte> inflate(std::span<const std::byte> packed, std::size_t size);

// A stream that stands for `plain` (at most 2^30 bytes). The same bytes on every machine.
std::vector<std::byte> deflate(std::span<const std::byte> plain);

}  // namespace tenon
