// "cpu.pad_inside": padding with elements of the tensor itself.
//
//   @mode             edge, reflect or wrap, as the operator pad has them
//   @begins, @ends    elements added to each axis, or removed where negative
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"
#include "base/thread_pool.hpp"
#include "ops/pad.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace tenon {
namespace cpu {
namespace {

constexpr std::string_view kPadInside = "cpu.pad_inside";
constexpr std::int64_t kMostAdded = std::int64_t{1} << 40;

op::PadMode pad_mode(std::string_view name) {
  for (const op::PadMode mode : {op::PadMode::edge, op::PadMode::reflect, op::PadMode::wrap}) {
    if (op::enum_names(mode)[static_cast<std::size_t>(mode)] == name) return mode;
  }
  throw ModelError(fmt::format("{}: no mode is called '{}'", kPadInside, name));
}

// Which element of an axis of `extent` > 0 stands at `position` relative to its first.
std::int64_t inside(std::int64_t position, std::int64_t extent, op::PadMode mode) {
  if (mode == op::PadMode::edge || extent == 1) return std::clamp<std::int64_t>(position, 0, extent - 1);
  const std::int64_t period = mode == op::PadMode::wrap ? extent : 2 * (extent - 1);
  const std::int64_t phase = (position % period + period) % period;
  return mode == op::PadMode::wrap ? phase : std::min(phase, period - phase);
}

struct PadInsideState final : StepState {
  // Of every axis but the last: for each position of the result where its element lies in x, in elements.
  std::vector<std::vector<std::ptrdiff_t>> outer;
  std::vector<std::ptrdiff_t> last;  // of the last axis
  std::ptrdiff_t at = 0, count = 0;  // where in it x stands as it is
  std::ptrdiff_t rows = 0;
};

class PadInsideStep final : public Step {
 public:
  explicit PadInsideStep(const StepInit& init)
      : mode_(pad_mode(string_param(init.params, "@mode"))),
        begins_(ints_param(init.params, "@begins")),
        ends_(ints_param(init.params, "@ends")) {
    require_counts(init, kPadInside, 1, 1, 0);
    const TensorType& x = require_tensor(init.inputs[0], kPadInside, Layout());
    require_tensor(init.outputs[0], kPadInside, Layout(), x.dtype);
    const int bits = bit_width(x.dtype);
    TENON_REQUIRE(bits == 8 || bits == 16 || bits == 32 || bits == 64, "{}: elements of {}", kPadInside,
                  name(x.dtype));
    bytes_ = bits / 8;
    TENON_REQUIRE(!begins_.empty() && begins_.size() == ends_.size(), "{}: {} begins and {} ends", kPadInside,
                  begins_.size(), ends_.size());
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& x = shape_at(shapes.inputs, 0, kPadInside);
    const Shape& y = shape_at(shapes.outputs, 0, kPadInside);
    TENON_REQUIRE(x.size() == begins_.size() && y.size() == x.size(), "{}: padding of {} axes of {}",
                  kPadInside, begins_.size(), x.size());
    auto state = std::make_unique<PadInsideState>();
    if (volume(y) == 0) return state;
    std::ptrdiff_t stride = volume(x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      TENON_REQUIRE(x[i] > 0 && std::abs(begins_[i]) <= kMostAdded && y[i] - x[i] - begins_[i] == ends_[i],
                    "{}: {} and {} elements around {} make no {}", kPadInside, begins_[i], ends_[i], x[i],
                    y[i]);
      stride /= x[i];
      std::vector<std::ptrdiff_t>& from = i + 1 < x.size() ? state->outer.emplace_back() : state->last;
      for (std::int64_t k = 0; k < y[i]; ++k) from.push_back(inside(k - begins_[i], x[i], mode_) * stride);
    }
    state->rows = volume(y) / y.back();
    state->at = std::clamp<std::int64_t>(begins_.back(), 0, y.back());
    const std::int64_t end = std::clamp<std::int64_t>(begins_.back() + x.back(), state->at, y.back());
    state->count = end - state->at;
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    const auto& state = static_cast<const PadInsideState&>(*call.state);
    switch (bytes_) {
      case 1: copy<std::uint8_t>(state, call); break;
      case 2: copy<std::uint16_t>(state, call); break;
      case 4: copy<std::uint32_t>(state, call); break;
      default: copy<std::uint64_t>(state, call); break;
    }
    return {};
  }

 private:
  template <class T>
  void copy(const PadInsideState& state, const StepCall& call) const noexcept {
    constexpr std::size_t kGrainBytes = 16384;
    const auto* x = call.inputs[0]->as<T>();
    T* y = call.outputs[0]->as<T>();
    const std::size_t width = state.last.size();
    const std::size_t grain =
        std::max<std::size_t>(1, kGrainBytes / std::max<std::size_t>(width * sizeof(T), 1));
    call.pool->run_ranges(static_cast<std::size_t>(state.rows), grain,
                          [&](std::size_t begin, std::size_t end, int) {
                            for (std::size_t row = begin; row < end; ++row)
                              copy_row(state, x + row_of(state, row), y + row * width);
                          });
  }

  static std::ptrdiff_t row_of(const PadInsideState& state, std::size_t row) noexcept {
    std::ptrdiff_t offset = 0;
    for (auto axis = state.outer.rbegin(); axis != state.outer.rend(); ++axis) {
      offset += (*axis)[row % axis->size()];
      row /= axis->size();
    }
    return offset;
  }

  template <class T>
  static void copy_row(const PadInsideState& state, const T* from, T* to) noexcept {
    const auto at = static_cast<std::size_t>(state.at), behind = at + static_cast<std::size_t>(state.count);
    for (std::size_t k = 0; k < at; ++k) to[k] = from[state.last[k]];
    if (behind > at) std::memcpy(to + at, from + state.last[at], (behind - at) * sizeof(T));
    for (std::size_t k = behind; k < state.last.size(); ++k) to[k] = from[state.last[k]];
  }

  op::PadMode mode_;
  std::vector<std::int64_t> begins_, ends_;
  int bytes_ = 4;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_pad_inside(StepRegistry& registry) {
  registry.add("cpu.pad_inside", [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::PadInsideStep>(init);
  });
}

}  // namespace tenon
