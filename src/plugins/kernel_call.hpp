// One run of a plugin's kernel as the program sees it: the views that the kernel is given, and where results
// of unknown size go.
#pragma once

#include "ir/data.hpp"
#include "ir/type.hpp"
#include "plugins/plugin_op.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace tenon {

class ThreadPool;

class KernelCall final : public PluginCall {
 public:
  // All operands and results absent.
  KernelCall(std::size_t inputs, std::size_t outputs);
  KernelCall(const KernelCall&) = delete;
  KernelCall& operator=(const KernelCall&) = delete;

  std::span<const TensorView> inputs() const noexcept { return inputs_; }
  void set_input(std::size_t i, const TensorView& view) { input_views_[i] = view; }
  // Result i has memory.
  void set_output(std::size_t i, const MutableTensorView& view);
  // Result i goes into `target`: memory for it is made here where `known` gives its dims, else by the kernel.
  // `type` is what was inferred beforehand. Both are kept by reference.
  void set_target(std::size_t i, Data* target, const TensorType* type, const PluginResult& known);
  void set_workspace(std::span<std::byte> workspace) noexcept { workspace_ = workspace; }
  void set_pool(ThreadPool* pool) noexcept;  // null: everything in the calling thread

  // InternalError naming a result that should have been allocated and was not.
  void require_complete() const;

  bool wants(std::size_t i) const noexcept override {
    return has_memory(i) || (i < targets_.size() && targets_[i].data != nullptr);
  }
  const MutableTensorView& allocate(std::size_t i, const Shape& shape) override;

 private:
  struct Target {
    Data* data = nullptr;
    const TensorType* type = nullptr;
  };

  void run_ranges(std::size_t count, std::size_t grain, Range range, void* context) override;

  std::vector<TensorView> input_views_;
  std::vector<MutableTensorView> output_views_;
  std::vector<Target> targets_;
  ThreadPool* pool_ = nullptr;
};

TensorView view_of(const Tensor& tensor);

// An operand whose value is known.
PluginOperand describe_value(const Tensor& tensor);

// Inference with everything known.
std::vector<PluginResult> infer_now(const op::Plugin& plugin, std::span<const TensorView> inputs);

// The dims as numbers; nothing where one of them, or the rank, is not known. ModelError for a negative one.
std::optional<Shape> known_shape(const PluginResult& result);

}  // namespace tenon
