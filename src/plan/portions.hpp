// What is known of the step "portions" (plan/lowering/portions.hpp) where it is made and where it runs: its
// one body takes some entries of the first axis of each input and gives as many of each output, and runs once
// for each such portion of the batch. Portions lie one behind the other in memory, and may run at the same
// time.
#pragma once

#include "ir/type.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace tenon {

inline constexpr std::string_view kPortionsStep = "portions";

// Bytes of a tensor with so many entries along its first axis. Nothing for types whose dims are not all
// numbers, or whose entries do not lie one behind the other.
inline std::optional<std::int64_t> entry_bytes(const Type& type, std::int64_t entries) {
  if (!type.is_tensor()) return std::nullopt;
  const TensorType& tensor = type.as_tensor();
  const Layout& layout = tensor.layout;
  const auto is_first = [](const auto& block) { return block.axis == 0; };
  if (!tensor.dims || tensor.dims->empty() || !tensor.is_static() || tensor.dtype == DataType::string ||
      (!layout.order.empty() && layout.order[0] != 0) ||
      std::any_of(layout.blocks.begin(), layout.blocks.end(), is_first))
    return std::nullopt;
  std::vector<std::int64_t> dims;
  for (const Dim& dim : *tensor.dims) dims.push_back(dim.value());
  const std::int64_t all = dims[0];
  const std::int64_t all_bytes = storage_bytes(tensor, dims);
  dims[0] = entries;
  const std::int64_t bytes = storage_bytes(tensor, dims);
  if (bytes * all != all_bytes * entries) return std::nullopt;  // elements of less than a byte
  return bytes;
}

}  // namespace tenon
