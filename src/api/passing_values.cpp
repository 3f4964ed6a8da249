#include "api/passing_values.hpp"

#include <algorithm>

namespace tenon {
namespace {

// Whether the step reads the value too: it converts it.
bool reads(const StepList& list, const PlanStep& step, std::string_view name) {
  return std::any_of(step.inputs.begin(), step.inputs.end(),
                     [&](BufferId id) { return id.valid() && list.buffer(id).name == name; });
}

std::optional<PassingValue> passing(const StepList& list, BufferId id) {
  const Buffer& buffer = list.buffer(id);
  if (list.buffer(root_buffer(list, id)).storage != Buffer::Storage::arena || !buffer.type.is_tensor())
    return std::nullopt;
  const TensorType& type = buffer.type.as_tensor();
  if (type.layout.is_plain()) return PassingValue{id};
  const bool blocked =
      type.layout.blocks.size() == 1 && type.layout == Layout::channel_blocked(type.layout.blocks[0].size);
  if (!blocked || !type.dims || type.dims->size() < 2) return std::nullopt;
  const Dim& channels = (*type.dims)[1];
  const std::int64_t block = type.layout.blocks[0].size;
  if (!channels.is_const() || channels.value() % block != 0) return std::nullopt;
  return PassingValue{id, block};
}

}  // namespace

std::optional<PassingValue> find_passing(const StepList& list, std::string_view name) {
  std::optional<BufferId> found;
  for (const PlanStep& step : list.steps) {
    for (const BufferId id : step.outputs) {
      if (!id.valid() || list.buffer(id).name != name || reads(list, step, name)) continue;
      if (found) return std::nullopt;
      found = id;
    }
  }
  return found ? passing(list, *found) : std::nullopt;
}

}  // namespace tenon
