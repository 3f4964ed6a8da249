// What is known of the step "strips" (plan/lowering/strips.hpp) where it is made and where it runs: its
// inputs are the images that the steps in it read from outside, its output is the last result. Parameters:
// "body" and "row" say of each strip, from the top of the image down, which of the bodies runs and the first
// row that it gives; "row<i>" the first row that it takes of input i. How many rows these are, the body says.
// Strips of all images of a batch may run at the same time.
#pragma once

#include "plan/control_scratch.hpp"
#include "plan/plan.hpp"

#include <optional>
#include <string_view>

namespace tenon {

inline constexpr std::string_view kStripsStep = "strips";

// How rows of images lie: [batch][planes][rows][row].
struct StripLayout {
  std::int64_t planes = 0;
  std::int64_t row_bytes = 0;
};

// Nothing if the type is not [N, C, H, W] in a plain or channel-blocked layout with constant dims but for N.
std::optional<StripLayout> strip_layout(const Type& type);

// Replaces what the parameter "pad" says of rows.
void set_row_padding(AttributeList& params, std::int64_t top, std::int64_t bottom);

// What a body takes of the scratch memory, for each thread: its arena, then its inputs, then its output.
inline std::uint64_t strip_scratch(const StepList& body) {
  std::uint64_t bytes = body_scratch(body);
  for (const PlanTensor& input : body.inputs) bytes += scratch_aligned(body.buffer(input.buffer).bytes);
  for (const PlanTensor& output : body.outputs) bytes += scratch_aligned(body.buffer(output.buffer).bytes);
  return bytes;
}

}  // namespace tenon
