#include "plan/lowering/finish.hpp"

#include <algorithm>
#include <iterator>

namespace tenon {
namespace {

// Every place outside of buffers that names one.
template <class Visit>
void for_each_buffer_id(StepList& list, const Visit& visit) {
  for (PlanTensor& input : list.inputs) visit(input.buffer);
  for (PlanTensor& output : list.outputs) visit(output.buffer);
  for (PlanStep& step : list.steps) {
    for (auto* ids : {&step.inputs, &step.outputs}) {
      for (BufferId& id : *ids) {
        if (id.valid()) visit(id);
      }
    }
  }
}

}  // namespace

void drop_dead_steps(StepList& list) {
  std::vector<bool> live(list.buffers.size(), false);
  for (const PlanTensor& output : list.outputs) live[root_buffer(list, output.buffer).value] = true;
  std::vector<PlanStep> kept;
  for (auto step = list.steps.rbegin(); step != list.steps.rend(); ++step) {
    const bool wanted = std::any_of(step->outputs.begin(), step->outputs.end(), [&](BufferId id) {
      return id.valid() && live[root_buffer(list, id).value];
    });
    if (!wanted) continue;
    for (BufferId id : step->inputs) {
      if (id.valid()) live[root_buffer(list, id).value] = true;
    }
    kept.push_back(std::move(*step));
  }
  list.steps.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
}

void drop_unused_buffers(StepList& list) {
  std::vector<bool> used(list.buffers.size(), false);
  for_each_buffer_id(list, [&](BufferId& id) {
    for (BufferId part = id; part.valid(); part = list.buffer(part).alias_of) used[part.value] = true;
  });
  // Aliases stand behind what they are aliases of.
  std::vector<std::size_t> depth(used.size(), 0), order;
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i]) order.push_back(i);
    for (BufferId part = list.buffers[i].alias_of; part.valid(); part = list.buffer(part).alias_of)
      ++depth[i];
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return depth[a] < depth[b]; });
  std::vector<BufferId> renumbered(used.size());
  std::vector<Buffer> kept;
  for (std::size_t i : order) {
    renumbered[i] = BufferId(static_cast<std::uint32_t>(kept.size()));
    kept.push_back(std::move(list.buffers[i]));
  }
  list.buffers = std::move(kept);
  const auto renumber = [&](BufferId& id) { id = renumbered[id.value]; };
  for_each_buffer_id(list, renumber);
  for (Buffer& buffer : list.buffers) {
    if (buffer.alias_of.valid()) renumber(buffer.alias_of);
  }
}

void place_buffers(StepList& list) {
  std::vector<std::uint64_t> buffers, scratch;
  for (const Buffer& buffer : list.buffers) buffers.push_back(buffer.bytes);
  for (const PlanStep& step : list.steps) scratch.push_back(step.scratch_bytes);
  const Placement placement = place_list(list, buffers, scratch);
  for (std::size_t i = 0; i < list.buffers.size(); ++i) {
    if (list.buffers[i].storage == Buffer::Storage::arena) list.buffers[i].offset = placement.buffers[i];
  }
  for (std::size_t i = 0; i < list.steps.size(); ++i) list.steps[i].scratch_offset = placement.scratch[i];
  list.arena_bytes = placement.arena_bytes;
  list.arena_floor = placement.arena_floor;
}

}  // namespace tenon
