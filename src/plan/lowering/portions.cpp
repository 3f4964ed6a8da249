#include "plan/lowering/portions.hpp"

#include "base/check.hpp"
#include "plan/control_scratch.hpp"
#include "plan/lowering/body_steps.hpp"
#include "plan/lowering/finish.hpp"
#include "plan/portions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>

namespace tenon {
namespace {

// A list of steps on `images` images, made of steps on all of them.
class Portion {
 public:
  Portion(const Plan& plan, const StepList& list, const StepRegistry& registry, std::int64_t images)
      : plan_(plan), list_(list), registry_(registry), images_(images), batch_(batch_of(plan)) {}

  // Whether the step was taken.
  bool add(const PlanStep& step) {
    if (!step.bodies.empty()) return false;
    PlanStep mine = step;
    for (BufferId& id : mine.inputs) {
      if (!id.valid()) continue;
      const std::optional<BufferId> taken = read(id);
      if (!taken) return false;
      id = *taken;
    }
    for (BufferId& id : mine.outputs) {
      const Buffer::Storage storage = id.valid() ? list_.buffer(id).storage : Buffer::Storage::dynamic;
      if (storage != Buffer::Storage::arena && storage != Buffer::Storage::output) return false;
      const std::optional<BufferId> made = add_buffer(id, Buffer::Storage::arena);
      if (!made) return false;
      id = *made;
    }
    mine.serial = true;
    const std::optional<SerialStep> known = serial_step(plan_, body_, mine, registry_);
    if (!known || !known->works_by_entry) return false;
    mine.scratch_bytes = known->scratch_bytes;
    body_.steps.push_back(std::move(mine));
    return true;
  }

  // The step that runs all of it. `read_outside`: whether anybody else reads a buffer of the list around.
  template <class ReadOutside>
  PlanStep finish(const ReadOutside& read_outside, int threads) {
    PlanStep whole;
    whole.kind = std::string(kPortionsStep);
    for (const auto& [outside, inside] : known_) {
      Buffer& buffer = body_.buffers[inside.value];
      if (buffer.storage == Buffer::Storage::input) {
        whole.inputs.push_back(outside);
        buffer.index = static_cast<std::uint32_t>(body_.inputs.size());
        body_.inputs.push_back({buffer.name, inside});
      } else if (buffer.storage == Buffer::Storage::arena && read_outside(outside)) {
        whole.outputs.push_back(outside);
        buffer.storage = Buffer::Storage::output;
        buffer.index = static_cast<std::uint32_t>(body_.outputs.size());
        body_.outputs.push_back({buffer.name, inside});
      }
    }
    place_buffers(body_);
    for (const PlanStep& step : body_.steps) whole.expected_ns += step.expected_ns;
    whole.label = fmt::format("{} … {}", body_.steps.front().label, body_.steps.back().label);
    whole.op = fmt::format("{} steps on a part of the batch", body_.steps.size());
    whole.tactic = fmt::format("{}{{images={}}}", kPortionsStep, images_);
    whole.scratch_bytes = body_scratch(body_) * static_cast<std::uint64_t>(threads);
    whole.bodies.push_back(std::move(body_));
    return whole;
  }

 private:
  std::optional<BufferId> read(BufferId id) {
    if (const auto at = known_.find(id); at != known_.end()) return at->second;
    const Buffer& buffer = list_.buffer(id);
    switch (buffer.storage) {
      case Buffer::Storage::constant: {
        body_.buffers.push_back(buffer);
        return remember(id, BufferId(static_cast<std::uint32_t>(body_.buffers.size() - 1)));
      }
      case Buffer::Storage::alias: {
        if (buffer.part || buffer.offset != 0) return std::nullopt;
        const std::optional<BufferId> of = read(buffer.alias_of);
        if (!of || body_.buffer(*of).storage == Buffer::Storage::constant) return std::nullopt;
        const std::optional<BufferId> view = add_buffer(id, Buffer::Storage::alias);
        if (view) body_.buffers[view->value].alias_of = *of;
        return view;
      }
      case Buffer::Storage::dynamic: return std::nullopt;
      default: return add_buffer(id, Buffer::Storage::input);
    }
  }

  std::optional<BufferId> add_buffer(BufferId of, Buffer::Storage storage) {
    const Buffer& whole = list_.buffer(of);
    const std::optional<std::int64_t> bytes = entry_bytes(whole.type, images_);
    if (!bytes || !(*whole.type.as_tensor().dims)[0].is_const(batch_)) return std::nullopt;
    TensorType type = whole.type.as_tensor();
    (*type.dims)[0] = Dim(images_);
    return remember(of, add_piece(body_, whole, std::move(type), *bytes, storage));
  }

  BufferId remember(BufferId outside, BufferId inside) {
    known_.emplace(outside, inside);
    return inside;
  }

  const Plan& plan_;
  const StepList& list_;
  const StepRegistry& registry_;
  std::int64_t images_, batch_;
  StepList body_;
  std::map<BufferId, BufferId> known_;  // buffers of the list around, and what stands for them
};

// The roots of the buffers that steps outside of [first, last), or nobody within the network, read.
std::vector<bool> read_outside_of(const StepList& list, std::size_t first, std::size_t last) {
  std::vector<bool> read(list.buffers.size(), false);
  const auto mark = [&](BufferId id) {
    if (id.valid()) read[root_buffer(list, id).value] = true;
  };
  for (std::size_t i = 0; i < list.steps.size(); ++i) {
    if (i < first || i >= last) std::for_each(list.steps[i].inputs.begin(), list.steps[i].inputs.end(), mark);
  }
  for (const PlanTensor& output : list.outputs) mark(output.buffer);
  return read;
}

}  // namespace

std::int64_t batch_of(const Plan& plan) {
  TENON_CHECK(plan.profiles.size() == 1, "a batch of {} profiles", plan.profiles.size());
  const StepList& list = plan.profiles[0];
  if (list.inputs.empty()) return 0;
  const Type& type = list.buffer(list.inputs[0].buffer).type;
  if (!type.is_tensor() || !type.as_tensor().dims || type.as_tensor().dims->empty()) return 0;
  const Dim& first = type.as_tensor().dims->front();
  return first.is_const() ? first.value() : 0;
}

std::vector<bool> divisible_steps(const Plan& plan, const StepRegistry& steps, std::int64_t images) {
  const StepList& list = plan.profiles.at(0);
  const std::int64_t batch = batch_of(plan);
  std::vector<bool> divisible(list.steps.size(), false);
  if (images < 1 || batch % images != 0 || batch == images) return divisible;
  for (std::size_t i = 0; i < list.steps.size(); ++i)
    divisible[i] = Portion(plan, list, steps, images).add(list.steps[i]);
  return divisible;
}

void divide_batch(Plan& plan, const StepRegistry& steps, const std::vector<std::int64_t>& images,
                  int threads) {
  StepList& list = plan.profiles.at(0);
  TENON_CHECK(images.size() == list.steps.size(), "numbers of images for {} steps of {}", images.size(),
              list.steps.size());
  std::vector<PlanStep> divided;
  for (std::size_t first = 0; first < images.size();) {
    std::size_t last = first + 1;
    while (images[first] != 0 && last < images.size() && images[last] == images[first]) ++last;
    if (images[first] == 0) {
      divided.push_back(list.steps[first]);
    } else {
      Portion portion(plan, list, steps, images[first]);
      for (std::size_t i = first; i < last; ++i)
        TENON_CHECK(portion.add(list.steps[i]), "'{}' does not work on {} images", list.steps[i].label,
                    images[first]);
      const std::vector<bool> read = read_outside_of(list, first, last);
      divided.push_back(portion.finish([&](BufferId id) { return read[id.value]; }, threads));
    }
    first = last;
  }
  list.steps = std::move(divided);
  drop_unused_buffers(list);
  place_buffers(list);
}

}  // namespace tenon
