// "cpu.fill": every element of the result is the one element of the weight.
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

struct FillState final : StepState {
  std::size_t count = 0;
};

class FillStep final : public Step {
 public:
  explicit FillStep(const StepInit& init) {
    require_counts(init, kKind, 0, 1, 1);
    const DataType dtype = require_tensor(init.outputs[0], kKind, Layout()).dtype;
    value_ = init.weights[0];
    TENON_REQUIRE(dtype != DataType::string, "{}: strings", kKind);
    require_weight(value_, kKind, dtype, 1);
    bytes_ = bit_width(dtype) / 8;
    TENON_REQUIRE(bytes_ == 1 || bytes_ == 2 || bytes_ == 4 || bytes_ == 8, "{}: {}", kKind, name(dtype));
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<FillState>();
    state->count = static_cast<std::size_t>(volume(shape_at(shapes.outputs, 0, kKind)));
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    const std::size_t count = static_cast<const FillState&>(*call.state).count;
    switch (bytes_) {
      case 1: fill<std::uint8_t>(call, count); break;
      case 2: fill<std::uint16_t>(call, count); break;
      case 4: fill<std::uint32_t>(call, count); break;
      default: fill<std::uint64_t>(call, count); break;
    }
    return {};
  }

 private:
  static constexpr std::string_view kKind = "cpu.fill";
  static constexpr std::size_t kGrainBytes = 256 << 10;

  template <class T>
  void fill(const StepCall& call, std::size_t count) const noexcept {
    T* out = call.outputs[0]->as<T>();
    const T value = *reinterpret_cast<const T*>(value_.data());
    call.pool->run_ranges(count, kGrainBytes / sizeof(T), [&](std::size_t begin, std::size_t end, int) {
      std::fill(out + begin, out + end, value);
    });
  }

  Tensor value_;
  int bytes_ = 0;
};

std::unique_ptr<Step> make_fill(const StepInit& init) { return std::make_unique<FillStep>(init); }

}  // namespace
}  // namespace cpu

void register_cpu_step_fill(StepRegistry& registry) { registry.add("cpu.fill", cpu::make_fill); }

}  // namespace tenon
