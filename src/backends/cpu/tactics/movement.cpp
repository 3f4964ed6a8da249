// Operators that move elements without computing: concat, split, slice, expand, tile, pad, gather, transpose,
// pixel shuffles.
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/requantize.hpp"
#include "backends/cpu/tactics/blocked.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "ops/concat.hpp"
#include "ops/depth_to_space.hpp"
#include "ops/expand.hpp"
#include "ops/gather.hpp"
#include "ops/pad.hpp"
#include "ops/slice.hpp"
#include "ops/space_to_depth.hpp"
#include "ops/split.hpp"
#include "ops/tile.hpp"
#include "ops/transpose.hpp"
#include "tactics/rounded.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>

namespace tenon {
namespace cpu {
namespace {

using Ints = std::vector<std::int64_t>;

constexpr std::size_t kMostAxes = 8;

// What is asked of every operand that is copied.
Verdict check_movable(const Problem& problem) {
  if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
  const TensorType& type = problem.output();
  const int bits = bit_width(type.dtype);
  if (bits != 8 && bits != 16 && bits != 32 && bits != 64) {
    return Verdict::no(fmt::format("elements of {}, the kernels copy 1, 2, 4 or 8 bytes", name(type.dtype)));
  }
  for (const Operand* operand : {&problem.inputs[0], &problem.outputs[0]}) {
    if (operand->dims.size() > kMostAxes)
      return Verdict::no(fmt::format("{} axes, the kernels have {}", operand->dims.size(), kMostAxes));
  }
  return Verdict::yes();
}

// A list given by a field or by a constant operand; nothing when it is computed. An absent one is `fallback`.
std::optional<Ints> constant_list(const Problem& problem, const std::optional<Ints>& field,
                                  std::size_t operand, Ints fallback) {
  if (field) return field;
  if (!problem.has(operand)) return fallback;
  const Tensor* tensor = problem.inputs[operand].constant;
  if (tensor == nullptr) return std::nullopt;
  if (tensor->dtype() == DataType::i32)
    return Ints(tensor->values<std::int32_t>().begin(), tensor->values<std::int32_t>().end());
  return Ints(tensor->values<std::int64_t>().begin(), tensor->values<std::int64_t>().end());
}

Ints first_axes(std::size_t count) {
  Ints axes(count);
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

std::size_t positive(std::int64_t axis, std::size_t rank) {
  return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
}

double copy_ns(const Problem& problem) {
  double bytes = 0;
  for (const Operand& output : problem.outputs)
    bytes += 2 * elements(output.dims) * bit_width(output.type.as_tensor().dtype) / 8.0;
  return memory_ns(bytes, problem);
}

// A tactic that is told what to do by two functions: most of these are nothing but a Verdict and a Prepared.
class MovementTactic final : public Tactic {
 public:
  using Check = Verdict (*)(const Problem&);
  using Prepare = Prepared (*)(const Problem&);
  MovementTactic(std::string_view op, Check check, Prepare how)
      : op_(op), name_(fmt::format("cpu.{}", op)), check_(check), prepare_(how) {}
  std::string_view name() const noexcept override { return name_; }
  std::string_view op() const noexcept override { return op_; }
  Verdict supports(const Problem& problem) const override {
    if (Verdict v = check_movable(problem); !v) return v;
    return check_ != nullptr ? check_(problem) : Verdict::yes();
  }
  std::vector<Candidate> candidates(const Problem& problem) const override {
    return with_stored_types(problem, plain_candidate(problem, copy_ns(problem)), Stored::constants_too);
  }
  Prepared prepare(const Problem& problem, const Candidate& candidate) const override {
    Prepared prepared = prepare_(problem);
    if (const auto type = candidate.outputs[0].stored) {
      for (Tensor& weight : prepared.weights) weight = rounded(weight, *type);
    }
    return prepared;
  }

 private:
  std::string_view op_;
  std::string name_;
  Check check_;
  Prepare prepare_;
};

// concat and split: parts of one axis, plain or blocked.
template <class T>
class JoinTactic final : public Tactic {
 public:
  JoinTactic() : name_(fmt::format("cpu.{}", T::kName)) {}
  std::string_view name() const noexcept override { return name_; }
  std::string_view op() const noexcept override { return T::kName; }
  Verdict supports(const Problem& problem) const override { return check_movable(problem); }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    std::vector<Candidate> candidates = plain_candidate(problem, copy_ns(problem));
    if (joins_blocks(problem)) {
      Candidate in_blocks = candidates.front();
      std::fill_n(in_blocks.inputs.begin(), kConcat ? in_blocks.inputs.size() : 1, blocked());
      std::fill(in_blocks.outputs.begin(), in_blocks.outputs.end(), blocked());
      in_blocks.estimate_ns *= blocked_excess(problem.inputs[0]);
      candidates.push_back(std::move(in_blocks));
    }
    return with_stored_types(problem, std::move(candidates), Stored::constants_too);
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    Prepared prepared{name_, {{"@axis", static_cast<std::int64_t>(axis(problem))}}, {}, {}};
    prepared.operands.resize(kConcat ? problem.inputs.size() : 1);
    std::iota(prepared.operands.begin(), prepared.operands.end(), std::size_t{0});
    if (kConcat) prepared.joined_axis = axis(problem);
    return prepared;
  }

 private:
  static constexpr bool kConcat = std::is_same_v<T, op::Concat>;

  static std::size_t axis(const Problem& problem) {
    return positive(problem.op.as<T>()->axis, problem.inputs[0].dims.size());
  }

  static bool joins_blocks(const Problem& problem) {
    const auto fits = [&](const Operand& operand) {
      const TensorType& type = operand.type.as_tensor();
      const bool whole = axis(problem) != 1 || (type.dims->size() > 1 && (*type.dims)[1].is_const() &&
                                                (*type.dims)[1].value() % kChannelBlock == 0);
      return (type.dtype == DataType::f32 || is_byte(type.dtype)) && is_blockable(type) && whole &&
             operand.constant == nullptr;
    };
    return std::all_of(problem.inputs.begin(), kConcat ? problem.inputs.end() : problem.inputs.begin() + 1,
                       fits) &&
           std::all_of(problem.outputs.begin(), problem.outputs.end(), fits);
  }

  std::string name_;
};

// --- slice ---

struct SliceArguments {
  Ints starts, ends, steps;  // per axis of the operand
};

std::optional<SliceArguments> slice_arguments(const Problem& problem) {
  const auto& op = *problem.op.as<op::Slice>();
  const auto starts = constant_list(problem, op.starts, 1, {});
  const auto ends = constant_list(problem, op.ends, 2, {});
  if (!starts || !ends) return std::nullopt;
  const auto axes = constant_list(problem, op.axes, 3, first_axes(starts->size()));
  const auto steps = constant_list(problem, op.steps, 4, Ints(starts->size(), 1));
  if (!axes || !steps) return std::nullopt;
  const std::size_t rank = problem.inputs[0].dims.size();
  SliceArguments all{Ints(rank, 0), Ints(rank, std::numeric_limits<std::int64_t>::max()), Ints(rank, 1)};
  for (std::size_t i = 0; i < axes->size(); ++i) {
    const std::size_t axis = positive((*axes)[i], rank);
    all.starts[axis] = (*starts)[i];
    all.ends[axis] = (*ends)[i];
    all.steps[axis] = (*steps)[i];
  }
  return all;
}

Verdict check_slice(const Problem& problem) {
  return slice_arguments(problem) ? Verdict::yes() : Verdict::no("its bounds are computed, not constant");
}

Prepared prepare_slice(const Problem& problem) {
  SliceArguments all = *slice_arguments(problem);
  return {
      "cpu.slice",
      {{"@starts", std::move(all.starts)}, {"@ends", std::move(all.ends)}, {"@steps", std::move(all.steps)}},
      {},
      {0}};
}

// --- pad ---

struct PadArguments {
  Ints begins, ends;  // per axis of the operand
};

std::optional<PadArguments> pad_arguments(const Problem& problem) {
  const auto& op = *problem.op.as<op::Pad>();
  const std::size_t rank = problem.inputs[0].dims.size();
  const auto pads = constant_list(problem, op.pads, 1, {});
  const auto axes = constant_list(problem, op.axes, 3, first_axes(rank));
  if (!pads || !axes) return std::nullopt;
  PadArguments all{Ints(rank, 0), Ints(rank, 0)};
  for (std::size_t i = 0; i < axes->size(); ++i) {
    all.begins[positive((*axes)[i], rank)] = (*pads)[i];
    all.ends[positive((*axes)[i], rank)] = (*pads)[axes->size() + i];
  }
  return all;
}

Verdict check_pad(const Problem& problem) {
  const auto& op = *problem.op.as<op::Pad>();
  if (op.mode == op::PadMode::constant && problem.has(2) && problem.inputs[2].constant == nullptr)
    return Verdict::no("the value is computed, not constant");
  if (op.mode != op::PadMode::constant && problem.inputs[0].dims.empty())
    return Verdict::no("a scalar has no inside");
  const auto all = pad_arguments(problem);
  if (!all) return Verdict::no("the padding is computed, not constant");
  for (std::size_t i = 0; i < all->begins.size(); ++i) {
    const bool crops = all->begins[i] < 0 || all->ends[i] < 0;
    if (crops && !(*problem.input(0).dims)[i].is_const())
      return Verdict::no("an axis that is not constant is cropped");
    if (crops && all->begins[i] < -problem.inputs[0].dims[i]) return Verdict::no("an axis is cropped away");
  }
  return Verdict::yes();
}

Prepared prepare_pad(const Problem& problem) {
  PadArguments all = *pad_arguments(problem);
  const auto& op = *problem.op.as<op::Pad>();
  if (op.mode != op::PadMode::constant) {
    const std::string_view mode = op::enum_names(op.mode)[static_cast<std::size_t>(op.mode)];
    return {
        "cpu.pad_inside",
        {{"@mode", std::string(mode)}, {"@begins", std::move(all.begins)}, {"@ends", std::move(all.ends)}},
        {},
        {0}};
  }
  Tensor value =
      problem.has(2) ? problem.inputs[2].constant->reshaped({1}) : Tensor(problem.output().dtype, {1});
  return {"cpu.pad",
          {{"@begins", std::move(all.begins)}, {"@ends", std::move(all.ends)}},
          {std::move(value)},
          {0}};
}

// --- the others ---

Prepared prepare_expand(const Problem&) { return {"cpu.expand", {}, {}, {0}}; }
Prepared prepare_tile(const Problem&) { return {"cpu.tile", {}, {}, {0}}; }

Prepared prepare_gather(const Problem& problem) {
  return {"cpu.gather", {{"@axis", problem.op.as<op::Gather>()->axis}}, {}, {0, 1}};
}

// Each axis of the operand whole.
Ints whole_axes(std::size_t rank) {
  Ints split;
  for (std::size_t i = 0; i < rank; ++i) split.insert(split.end(), {-1, 0});
  return split;
}

Prepared transposition(Ints split, Ints perm) {
  return {"cpu.transpose", {{"@split", std::move(split)}, {"@perm", std::move(perm)}}, {}, {0}};
}

Prepared prepare_transpose(const Problem& problem) {
  const std::size_t rank = problem.inputs[0].dims.size();
  Ints perm = problem.op.as<op::Transpose>()->perm;
  if (perm.empty()) {
    perm = first_axes(rank);
    std::reverse(perm.begin(), perm.end());
  }
  for (std::int64_t& axis : perm) axis = static_cast<std::int64_t>(positive(axis, rank));
  return transposition(whole_axes(rank), std::move(perm));
}

Prepared prepare_depth_to_space(const Problem& problem) {
  const auto& op = *problem.op.as<op::DepthToSpace>();
  const std::int64_t b = op.blocksize;
  // [N, b, b, C, H, W] or [N, C, b, b, H, W] → [N, C, H, b, W, b]
  if (op.mode == op::DepthToSpaceMode::dcr)
    return transposition({-1, 0, b, b, -1, 0, -1, 0, -1, 0}, {0, 3, 4, 1, 5, 2});
  return transposition({-1, 0, -1, b, b, 0, -1, 0, -1, 0}, {0, 1, 4, 2, 5, 3});
}

Prepared prepare_space_to_depth(const Problem& problem) {
  const auto& op = *problem.op.as<op::SpaceToDepth>();
  const std::int64_t b = op.blocksize;
  // [N, C, H, b, W, b] → [N, b, b, C, H, W], or with the depth first
  return op.mode == op::DepthToSpaceMode::crd
             ? transposition({-1, 0, -1, 0, -1, b, 0, -1, b, 0}, {0, 1, 3, 5, 2, 4})
             : transposition({-1, 0, -1, 0, -1, b, 0, -1, b, 0}, {0, 3, 5, 1, 2, 4});
}

}  // namespace
}  // namespace cpu

void register_cpu_tactic_movement(TacticRegistry& registry) {
  const auto add = [&](std::string_view op, cpu::MovementTactic::Check check,
                       cpu::MovementTactic::Prepare prepare) {
    registry.add(std::make_unique<cpu::MovementTactic>(op, check, prepare));
  };
  registry.add(std::make_unique<cpu::JoinTactic<op::Concat>>());
  registry.add(std::make_unique<cpu::JoinTactic<op::Split>>());
  add(op::Slice::kName, cpu::check_slice, cpu::prepare_slice);
  add(op::Pad::kName, cpu::check_pad, cpu::prepare_pad);
  add(op::Expand::kName, nullptr, cpu::prepare_expand);
  add(op::Tile::kName, nullptr, cpu::prepare_tile);
  add(op::Gather::kName, nullptr, cpu::prepare_gather);
  add(op::Transpose::kName, nullptr, cpu::prepare_transpose);
  add(op::DepthToSpace::kName, nullptr, cpu::prepare_depth_to_space);
  add(op::SpaceToDepth::kName, nullptr, cpu::prepare_space_to_depth);
}

}  // namespace tenon
