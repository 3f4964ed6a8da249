// Which layers go back to higher precision: as few as a budget allows.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>

namespace tenon::quant {

// Whether the budget holds when these layers, numbers below `count`, are in higher precision. May be
// expensive.
using BudgetTest = std::function<bool(const std::set<std::size_t>& layers)>;

// Layers are numbered from the one that promises most to the one that promises least. Finds a number k such
// that the budget holds with the first k and not with the first k - 1, by doubling and bisecting; then gives
// back, from the last to the first, each layer without which the budget holds too. So none of those that
// remain can be left out alone. At most 2 lg(count) + 1 + k tests. Nothing when it does not even hold with
// all of them.
std::optional<std::set<std::size_t>> fewest_layers(std::size_t count, const BudgetTest& holds);

}  // namespace tenon::quant
