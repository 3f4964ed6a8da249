// Values of a plan that can be seen in passing: each lies in a buffer of the arena from the step that
// computes it on, until something else needs the memory. To look at it then, nothing has to be kept or
// converted.
#pragma once

#include "plan/plan.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace tenon {

struct PassingValue {
  BufferId buffer;
  std::int64_t channel_block = 0;  // 0: row-major; else nChw<n>c without padding: whole blocks of channels
};

// Where the steps of the list compute the value of that name; nothing where none does in memory of the arena,
// in one of these layouts, or where the name tells it from no other. Conversions of it do not count.
std::optional<PassingValue> find_passing(const StepList& list, std::string_view name);

}  // namespace tenon
