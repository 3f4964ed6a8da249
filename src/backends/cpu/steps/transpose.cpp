// "cpu.transpose": the operand's elements, seen as an array of dims @split, in the order @perm.
//
// @split lists for every axis of the operand how it is cut, -1 for what is left: [[…], …] flattened, each
// axis ended by 0. So a plain transposition of rank 2 is [-1, 0, -1, 0], and pixel shuffles cut channels or
// pixels.
#include "backends/cpu/kernels/reorder/reorder.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"

#include <algorithm>
#include <limits>

namespace tenon {
namespace cpu {
namespace {

constexpr std::string_view kTranspose = "cpu.transpose";

struct TransposeState final : StepState {
  TransposeTask task;
};

class TransposeStep final : public Step {
 public:
  explicit TransposeStep(const StepInit& init)
      : kernel_(select_reorder(isa())), split_(ints_param(init.params, "@split")) {
    require_counts(init, kTranspose, 1, 1, 0);
    const TensorType& x = require_tensor(init.inputs[0], kTranspose, Layout());
    require_tensor(init.outputs[0], kTranspose, Layout(), x.dtype);
    const int bits = bit_width(x.dtype);
    TENON_REQUIRE(bits == 8 || bits == 16 || bits == 32 || bits == 64, "{}: elements of {}", kTranspose,
                  name(x.dtype));
    bytes_ = bits / 8;
    for (std::int64_t axis : ints_param(init.params, "@perm")) perm_.push_back(narrow_dim(axis));
    std::vector<int> sorted = perm_;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      TENON_REQUIRE(sorted[i] == static_cast<int>(i), "{}: no permutation of {} axes", kTranspose,
                    sorted.size());
    }
    TENON_REQUIRE(std::count(split_.begin(), split_.end(), 0) + static_cast<std::ptrdiff_t>(perm_.size()) ==
                      static_cast<std::ptrdiff_t>(split_.size()),
                  "{}: dims and order differ in rank", kTranspose);
    by_entry_ = split_.size() > 1 && split_[0] == -1 && split_[1] == 0 && perm_[0] == 0;
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const std::vector<std::ptrdiff_t> dims = split_dims(shape_at(shapes.inputs, 0, kTranspose));
    TENON_REQUIRE(
        volume(shape_at(shapes.inputs, 0, kTranspose)) == volume(shape_at(shapes.outputs, 0, kTranspose)),
        "{}: operand and result differ in size", kTranspose);
    const auto real = std::count_if(dims.begin(), dims.end(), [](std::ptrdiff_t d) { return d != 1; });
    TENON_REQUIRE(real <= TransposeTask::kRank, "{}: {} axes", kTranspose, real);
    auto state = std::make_unique<TransposeState>();
    state->task = transpose_prepare(dims, perm_, bytes_);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    const auto& state = static_cast<const TransposeState&>(*call.state);
    transpose_run(*kernel_, {&state.task, call.inputs[0]->data, call.outputs[0]->data}, *call.pool);
    return {};
  }

  bool works_by_entry() const override { return by_entry_; }

 private:
  std::vector<std::ptrdiff_t> split_dims(const Shape& shape) const {
    std::vector<std::ptrdiff_t> dims;
    std::size_t axis = 0, begin = 0;
    for (std::size_t i = 0; i < split_.size(); ++i) {
      if (split_[i] != 0) continue;
      TENON_REQUIRE(axis < shape.size(), "{}: more axes than the operand has", kTranspose);
      // An empty axis may be cut into any parts of which one is empty.
      const std::int64_t most = shape[axis] > 0 ? shape[axis] : std::numeric_limits<std::int32_t>::max();
      std::int64_t known = 1;
      bool open = false;
      for (std::size_t j = begin; j < i; ++j) {
        TENON_REQUIRE(split_[j] > 0 ? split_[j] <= most / known : !open, "{}: an axis of {} cannot be cut so",
                      kTranspose, shape[axis]);
        open = open || split_[j] < 0;
        if (split_[j] > 0) known *= split_[j];
      }
      TENON_REQUIRE(open ? shape[axis] % known == 0 : known == shape[axis],
                    "{}: an axis of {} cannot be cut so", kTranspose, shape[axis]);
      for (std::size_t j = begin; j < i; ++j) dims.push_back(split_[j] > 0 ? split_[j] : shape[axis] / known);
      ++axis;
      begin = i + 1;
    }
    TENON_REQUIRE(axis == shape.size() && dims.size() == perm_.size(), "{}: {} axes for an operand of {}",
                  kTranspose, axis, shape.size());
    return dims;
  }

  const ReorderKernel* kernel_;
  std::vector<std::int64_t> split_;
  std::vector<int> perm_;
  int bytes_ = 4;
  bool by_entry_ = false;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_transpose(StepRegistry& registry) {
  registry.add("cpu.transpose", [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::TransposeStep>(init);
  });
}

}  // namespace tenon
