#include "quant/search.hpp"

#include <algorithm>

namespace tenon::quant {
namespace {

std::set<std::size_t> first_layers(std::size_t count) {
  std::set<std::size_t> layers;
  for (std::size_t i = 0; i < count; ++i) layers.insert(i);
  return layers;
}

// Some k with the budget held by k and not by k - 1 layers.
std::optional<std::size_t> enough(std::size_t count, const BudgetTest& holds) {
  if (holds({})) return 0;
  std::size_t too_few = 0;
  std::size_t some = std::min<std::size_t>(1, count);
  while (!holds(first_layers(some))) {
    if (some == count) return std::nullopt;
    too_few = some;
    some = std::min(2 * some, count);
  }
  while (some - too_few > 1) {
    const std::size_t middle = too_few + (some - too_few) / 2;
    (holds(first_layers(middle)) ? some : too_few) = middle;
  }
  return some;
}

}  // namespace

std::optional<std::set<std::size_t>> fewest_layers(std::size_t count, const BudgetTest& holds) {
  const std::optional<std::size_t> found = enough(count, holds);
  if (!found) return std::nullopt;
  std::set<std::size_t> layers = first_layers(*found);
  // Without the last one it does not hold, that has been tried.
  for (std::size_t i = *found; i-- > 0;) {
    if (i + 1 == *found) continue;
    std::set<std::size_t> fewer = layers;
    fewer.erase(i);
    if (holds(fewer)) layers = std::move(fewer);
  }
  return layers;
}

}  // namespace tenon::quant
