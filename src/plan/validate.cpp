#include "base/check.hpp"
#include "plan/plan_file.hpp"

#include <algorithm>

namespace tenon {
namespace {

// `whole`: the list is a network, not a body.
void check_buffer(const Plan& plan, const StepList& list, bool whole, std::size_t i) {
  const Buffer& buffer = list.buffers[i];
  switch (buffer.storage) {
    case Buffer::Storage::arena:
      TENON_REQUIRE(!list.placed || (buffer.offset <= list.arena_bytes &&
                                     buffer.bytes <= list.arena_bytes - buffer.offset),
                    "plan: buffer {} lies outside the arena", i);
      break;
    case Buffer::Storage::input:
      TENON_REQUIRE(buffer.index < list.inputs.size(), "plan: buffer {} stands for input {} of {}", i,
                    buffer.index, list.inputs.size());
      break;
    case Buffer::Storage::output:
      TENON_REQUIRE(buffer.index < list.outputs.size(), "plan: buffer {} stands for output {} of {}", i,
                    buffer.index, list.outputs.size());
      break;
    case Buffer::Storage::constant:
      TENON_REQUIRE(buffer.index < plan.blobs.size(), "plan: buffer {} stands for blob {} of {}", i,
                    buffer.index, plan.blobs.size());
      break;
    case Buffer::Storage::alias:
      // Aliases point backwards, so chains end.
      TENON_REQUIRE(buffer.alias_of.valid() && buffer.alias_of.value < i,
                    "plan: buffer {} is an alias of a later one", i);
      TENON_REQUIRE(list.buffer(buffer.alias_of).storage != Buffer::Storage::dynamic,
                    "plan: buffer {} is an alias of a dynamic one", i);
      break;
    case Buffer::Storage::dynamic: break;
  }
  const bool bytes = buffer.type.is_tensor() && buffer.type.as_tensor().dtype != DataType::string;
  TENON_REQUIRE(bytes || buffer.storage == Buffer::Storage::dynamic,
                "plan: buffer {} is not a tensor of numbers, so it must be dynamic", i);
  TENON_REQUIRE(!buffer.type.is_tensor() || !buffer.type.as_tensor().layout.stored,
                "plan: buffer {} is of type {}, and not of that in which it is stored", i,
                buffer.type.to_string());
  const bool external = buffer.storage == Buffer::Storage::input || buffer.storage == Buffer::Storage::output;
  TENON_REQUIRE(!whole || !external || buffer.type.as_tensor().layout.is_plain(),
                "plan: buffer {} is bound by the caller, so its layout must be plain", i);
  TENON_REQUIRE(buffer.space == MemorySpace{}, "plan: buffer {} is not in host memory", i);
}

void check_ids(const StepList& list, const std::vector<BufferId>& ids, bool optional, std::size_t step) {
  for (BufferId id : ids) {
    TENON_REQUIRE((optional && !id.valid()) || id.value < list.buffers.size(),
                  "plan: step {} names buffer {} of {}", step, id.value, list.buffers.size());
  }
}

void check_tensors(const StepList& list, const std::vector<PlanTensor>& tensors, Buffer::Storage storage) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const PlanTensor& tensor = tensors[i];
    TENON_REQUIRE(tensor.buffer.value < list.buffers.size(), "plan: '{}' has no buffer", tensor.name);
    const Buffer& root = list.buffer(root_buffer(list, tensor.buffer));
    TENON_REQUIRE(root.storage == Buffer::Storage::dynamic || (root.storage == storage && root.index == i),
                  "plan: '{}' has no buffer of its own", tensor.name);
    if (!tensor.values) continue;
    const Type& type = list.buffer(tensor.buffer).type;
    TENON_REQUIRE(type.is_tensor(), "plan: '{}' has values but is no tensor", tensor.name);
    const DataType dtype = type.as_tensor().dtype;
    TENON_REQUIRE(dtype == DataType::i32 || dtype == DataType::i64, "plan: '{}' has values of type {}",
                  tensor.name, name(dtype));
  }
}

// Callers bind tensors by name and dtype before they choose a profile.
void check_same_interface(const PlanProfile& first, const PlanProfile& profile) {
  const auto check = [&](const std::vector<PlanTensor>& a, const std::vector<PlanTensor>& b) {
    TENON_REQUIRE(a.size() == b.size(), "plan: its profiles differ in the number of inputs or outputs");
    for (std::size_t i = 0; i < a.size(); ++i) {
      const Type& x = first.buffer(a[i].buffer).type;
      const Type& y = profile.buffer(b[i].buffer).type;
      TENON_REQUIRE(a[i].name == b[i].name && x.is_tensor() == y.is_tensor() &&
                        (!x.is_tensor() || x.as_tensor().dtype == y.as_tensor().dtype),
                    "plan: its profiles differ in the inputs or outputs at {}", i);
    }
  };
  check(first.inputs, profile.inputs);
  check(first.outputs, profile.outputs);
}

void check_list(const Plan& plan, const StepList& list, bool whole);

void check_step(const Plan& plan, const StepList& list, std::size_t i) {
  const PlanStep& step = list.steps[i];
  check_ids(list, step.inputs, true, i);
  check_ids(list, step.outputs, true, i);
  for (const BufferId id : step.outputs) {
    if (!id.valid()) continue;
    const Buffer::Storage storage = list.buffer(root_buffer(list, id)).storage;
    TENON_REQUIRE(storage != Buffer::Storage::input && storage != Buffer::Storage::constant,
                  "plan: step {} writes to buffer {}, which it may only read", i, id.value);
  }
  for (const std::uint32_t blob : step.weights) {
    TENON_REQUIRE(blob < plan.blobs.size(), "plan: step {} names blob {} of {}", i, blob, plan.blobs.size());
  }
  TENON_REQUIRE(!list.placed || (step.scratch_offset % 64 == 0 && step.scratch_offset <= list.arena_bytes &&
                                 step.scratch_bytes <= list.arena_bytes - step.scratch_offset),
                "plan: step {} has its scratch outside the arena", i);
  for (const StepList& body : step.bodies) {
    check_list(plan, body, false);
    if (!body.placed) continue;
    TENON_REQUIRE(list.placed && body.symbols.empty(), "plan: step {} has a body that is placed too early",
                  i);
    TENON_REQUIRE(body.arena_bytes <= step.scratch_bytes,
                  "plan: step {} has bodies that do not fit into its scratch", i);
  }
}

void check_list(const Plan& plan, const StepList& list, bool whole) {
  TENON_REQUIRE(list.arena_bytes <= (std::uint64_t{1} << 46), "plan: an arena of {} bytes", list.arena_bytes);
  for (const PlanSymbol& symbol : list.symbols) {
    TENON_REQUIRE(0 <= symbol.min && symbol.min <= symbol.opt && symbol.opt <= symbol.max,
                  "plan: symbol {} has the range {}…{}…{}", symbol.name, symbol.min, symbol.opt, symbol.max);
  }
  for (std::size_t i = 0; i < list.buffers.size(); ++i) check_buffer(plan, list, whole, i);
  check_tensors(list, list.inputs, Buffer::Storage::input);
  check_tensors(list, list.outputs, Buffer::Storage::output);
  for (std::size_t i = 0; i < list.steps.size(); ++i) check_step(plan, list, i);
}

}  // namespace

void validate_plan(const Plan& plan) {
  TENON_REQUIRE(plan.threads >= 1 && plan.threads <= 4096, "plan: made for {} threads", plan.threads);
  TENON_REQUIRE(!plan.profiles.empty(), "plan: it has no profile");
  for (const PlanProfile& profile : plan.profiles) {
    TENON_REQUIRE(profile.placed, "plan: a profile whose buffers have no place");
    check_list(plan, profile, true);
  }
  for (const PlanProfile& profile : plan.profiles) check_same_interface(plan.profiles.front(), profile);
}

}  // namespace tenon
