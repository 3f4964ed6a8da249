#include "base/check.hpp"
#include "plan/plan_file.hpp"

#include <algorithm>

namespace tenon {
namespace {

void check_buffer(const Plan& plan, std::size_t i) {
  const Buffer& buffer = plan.buffers[i];
  switch (buffer.storage) {
    case Buffer::Storage::arena:
      TENON_REQUIRE(buffer.offset <= plan.arena_bytes && buffer.bytes <= plan.arena_bytes - buffer.offset,
                    "plan: buffer {} lies outside the arena", i);
      break;
    case Buffer::Storage::input:
      TENON_REQUIRE(buffer.index < plan.inputs.size(), "plan: buffer {} stands for input {} of {}", i,
                    buffer.index, plan.inputs.size());
      break;
    case Buffer::Storage::output:
      TENON_REQUIRE(buffer.index < plan.outputs.size(), "plan: buffer {} stands for output {} of {}", i,
                    buffer.index, plan.outputs.size());
      break;
    case Buffer::Storage::constant:
      TENON_REQUIRE(buffer.index < plan.blobs.size(), "plan: buffer {} stands for blob {} of {}", i,
                    buffer.index, plan.blobs.size());
      break;
    case Buffer::Storage::alias:
      // Aliases point backwards, so chains end.
      TENON_REQUIRE(buffer.alias_of.valid() && buffer.alias_of.value < i,
                    "plan: buffer {} is an alias of a later one", i);
      TENON_REQUIRE(plan.buffer(buffer.alias_of).storage != Buffer::Storage::dynamic,
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

void check_ids(const Plan& plan, const std::vector<BufferId>& ids, bool optional, std::size_t step) {
  for (BufferId id : ids) {
    TENON_REQUIRE((optional && !id.valid()) || id.value < plan.buffers.size(),
                  "plan: step {} names buffer {} of {}", step, id.value, plan.buffers.size());
  }
}

}  // namespace

BufferId root_buffer(const Plan& plan, BufferId id) {
  while (plan.buffer(id).storage == Buffer::Storage::alias) id = plan.buffer(id).alias_of;
  return id;
}

void validate_plan(const Plan& plan) {
  TENON_REQUIRE(plan.threads >= 1 && plan.threads <= 4096, "plan: made for {} threads", plan.threads);
  TENON_REQUIRE(plan.arena_bytes <= (std::uint64_t{1} << 46), "plan: an arena of {} bytes", plan.arena_bytes);
  for (const PlanSymbol& symbol : plan.symbols) {
    TENON_REQUIRE(0 <= symbol.min && symbol.min <= symbol.opt && symbol.opt <= symbol.max,
                  "plan: symbol {} has the range {}…{}…{}", symbol.name, symbol.min, symbol.opt, symbol.max);
  }
  for (std::size_t i = 0; i < plan.buffers.size(); ++i) check_buffer(plan, i);
  const auto check_tensors = [&](const std::vector<PlanTensor>& tensors, Buffer::Storage storage) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      TENON_REQUIRE(tensors[i].buffer.value < plan.buffers.size(), "plan: '{}' has no buffer",
                    tensors[i].name);
      const Buffer& root = plan.buffer(root_buffer(plan, tensors[i].buffer));
      TENON_REQUIRE(root.storage == Buffer::Storage::dynamic || (root.storage == storage && root.index == i),
                    "plan: '{}' has no buffer of its own", tensors[i].name);
    }
  };
  check_tensors(plan.inputs, Buffer::Storage::input);
  check_tensors(plan.outputs, Buffer::Storage::output);
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const PlanStep& step = plan.steps[i];
    check_ids(plan, step.inputs, true, i);
    check_ids(plan, step.outputs, true, i);
    for (std::uint32_t blob : step.weights) {
      TENON_REQUIRE(blob < plan.blobs.size(), "plan: step {} names blob {} of {}", i, blob,
                    plan.blobs.size());
    }
    TENON_REQUIRE(step.scratch_offset % 64 == 0 && step.scratch_offset <= plan.arena_bytes &&
                      step.scratch_bytes <= plan.arena_bytes - step.scratch_offset,
                  "plan: step {} has its scratch outside the arena", i);
  }
}

}  // namespace tenon
