#include "base/check.hpp"
#include "plan/plan_file.hpp"

#include <algorithm>

namespace tenon {
namespace {

void check_buffer(const Plan& plan, const PlanProfile& profile, std::size_t i) {
  const Buffer& buffer = profile.buffers[i];
  switch (buffer.storage) {
    case Buffer::Storage::arena:
      TENON_REQUIRE(
          buffer.offset <= profile.arena_bytes && buffer.bytes <= profile.arena_bytes - buffer.offset,
          "plan: buffer {} lies outside the arena", i);
      break;
    case Buffer::Storage::input:
      TENON_REQUIRE(buffer.index < profile.inputs.size(), "plan: buffer {} stands for input {} of {}", i,
                    buffer.index, profile.inputs.size());
      break;
    case Buffer::Storage::output:
      TENON_REQUIRE(buffer.index < profile.outputs.size(), "plan: buffer {} stands for output {} of {}", i,
                    buffer.index, profile.outputs.size());
      break;
    case Buffer::Storage::constant:
      TENON_REQUIRE(buffer.index < plan.blobs.size(), "plan: buffer {} stands for blob {} of {}", i,
                    buffer.index, plan.blobs.size());
      break;
    case Buffer::Storage::alias:
      // Aliases point backwards, so chains end.
      TENON_REQUIRE(buffer.alias_of.valid() && buffer.alias_of.value < i,
                    "plan: buffer {} is an alias of a later one", i);
      TENON_REQUIRE(profile.buffer(buffer.alias_of).storage != Buffer::Storage::dynamic,
                    "plan: buffer {} is an alias of a dynamic one", i);
      break;
    case Buffer::Storage::dynamic: break;
  }
  const bool bytes = buffer.type.is_tensor() && buffer.type.as_tensor().dtype != DataType::string;
  TENON_REQUIRE(bytes || buffer.storage == Buffer::Storage::dynamic,
                "plan: buffer {} is not a tensor of numbers, so it must be dynamic", i);
  const bool external = buffer.storage == Buffer::Storage::input || buffer.storage == Buffer::Storage::output;
  TENON_REQUIRE(!external || buffer.type.as_tensor().layout.is_plain(),
                "plan: buffer {} is bound by the caller, so its layout must be plain", i);
  TENON_REQUIRE(buffer.space == MemorySpace{}, "plan: buffer {} is not in host memory", i);
}

void check_ids(const PlanProfile& profile, const std::vector<BufferId>& ids, bool optional,
               std::size_t step) {
  for (BufferId id : ids) {
    TENON_REQUIRE((optional && !id.valid()) || id.value < profile.buffers.size(),
                  "plan: step {} names buffer {} of {}", step, id.value, profile.buffers.size());
  }
}

void check_tensors(const PlanProfile& profile, const std::vector<PlanTensor>& tensors,
                   Buffer::Storage storage) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const PlanTensor& tensor = tensors[i];
    TENON_REQUIRE(tensor.buffer.value < profile.buffers.size(), "plan: '{}' has no buffer", tensor.name);
    const Buffer& root = profile.buffer(root_buffer(profile, tensor.buffer));
    TENON_REQUIRE(root.storage == Buffer::Storage::dynamic || (root.storage == storage && root.index == i),
                  "plan: '{}' has no buffer of its own", tensor.name);
    if (!tensor.values) continue;
    const Type& type = profile.buffer(tensor.buffer).type;
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

void check_profile(const Plan& plan, const PlanProfile& profile) {
  TENON_REQUIRE(profile.arena_bytes <= (std::uint64_t{1} << 46), "plan: an arena of {} bytes",
                profile.arena_bytes);
  for (const PlanSymbol& symbol : profile.symbols) {
    TENON_REQUIRE(0 <= symbol.min && symbol.min <= symbol.opt && symbol.opt <= symbol.max,
                  "plan: symbol {} has the range {}…{}…{}", symbol.name, symbol.min, symbol.opt, symbol.max);
  }
  for (std::size_t i = 0; i < profile.buffers.size(); ++i) check_buffer(plan, profile, i);
  check_tensors(profile, profile.inputs, Buffer::Storage::input);
  check_tensors(profile, profile.outputs, Buffer::Storage::output);
  for (std::size_t i = 0; i < profile.steps.size(); ++i) {
    const PlanStep& step = profile.steps[i];
    check_ids(profile, step.inputs, true, i);
    check_ids(profile, step.outputs, true, i);
    for (std::uint32_t blob : step.weights) {
      TENON_REQUIRE(blob < plan.blobs.size(), "plan: step {} names blob {} of {}", i, blob,
                    plan.blobs.size());
    }
    TENON_REQUIRE(step.scratch_offset % 64 == 0 && step.scratch_offset <= profile.arena_bytes &&
                      step.scratch_bytes <= profile.arena_bytes - step.scratch_offset,
                  "plan: step {} has its scratch outside the arena", i);
  }
}

}  // namespace

void validate_plan(const Plan& plan) {
  TENON_REQUIRE(plan.threads >= 1 && plan.threads <= 4096, "plan: made for {} threads", plan.threads);
  TENON_REQUIRE(!plan.profiles.empty(), "plan: it has no profile");
  for (const PlanProfile& profile : plan.profiles) check_profile(plan, profile);
  for (const PlanProfile& profile : plan.profiles) check_same_interface(plan.profiles.front(), profile);
}

}  // namespace tenon
