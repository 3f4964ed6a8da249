#include "plugins/kernel_call.hpp"

#include "base/check.hpp"
#include "base/thread_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <mutex>

namespace tenon {
namespace {

// Tensors with more elements are no shapes.
constexpr std::int64_t kMaxKnownValues = 64;

template <class T>
SymbolicDims texts_of(const Tensor& tensor) {
  const auto values = tensor.values<T>();
  return {values.begin(), values.end()};
}

}  // namespace

KernelCall::KernelCall(std::size_t inputs, std::size_t outputs)
    : input_views_(inputs), output_views_(outputs), targets_(outputs) {
  inputs_ = input_views_;
  outputs_ = output_views_;
}

void KernelCall::set_output(std::size_t i, const MutableTensorView& view) {
  targets_[i] = {};
  output_views_[i] = view;
}

void KernelCall::set_target(std::size_t i, Data* target, const TensorType* type, const PluginResult& known) {
  targets_[i] = {target, type};
  output_views_[i] = {};
  const bool texts = type->dtype == DataType::string;  // whose memory the kernel always allocates
  if (const auto shape = known_shape(known); shape && !texts) allocate(i, *shape);
}

void KernelCall::set_pool(ThreadPool* pool) noexcept {
  pool_ = pool;
  threads_ = pool == nullptr ? 1 : pool->size();
}

void KernelCall::require_complete() const {
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    TENON_CHECK(targets_[i].data == nullptr || output_views_[i].present,
                "the kernel has not allocated result {}, whose size depends on data", i);
  }
}

const MutableTensorView& KernelCall::allocate(std::size_t i, const Shape& shape) {
  TENON_REQUIRE(
      i < targets_.size() && targets_[i].data != nullptr && !output_views_[i].present,
      "result {} is not to be allocated: its size is known, it is not wanted, or it is there already", i);
  const TensorType& type = *targets_[i].type;
  if (type.dims) {
    const bool fits =
        type.dims->size() == shape.size() &&
        std::equal(shape.begin(), shape.end(), type.dims->begin(),
                   [](std::int64_t n, const Dim& dim) { return !dim.is_const() || dim.value() == n; });
    TENON_REQUIRE(fits, "result {} is allocated as [{}], inferred as {}", i, fmt::join(shape, ","),
                  Type(type).to_string());
  }
  Tensor tensor(type.dtype, shape);
  std::byte* data = tensor.mutable_data();
  *targets_[i].data = std::move(tensor);
  return output_views_[i] = {true, type.dtype, targets_[i].data->tensor().shape(), data, {}};
}

void KernelCall::run_ranges(std::size_t count, std::size_t grain, Range range, void* context) {
  if (count == 0) return;
  if (pool_ == nullptr) return range(context, 0, count);
  std::mutex mutex;
  std::exception_ptr error;
  pool_->run_ranges(count, std::max<std::size_t>(grain, 1), [&](std::size_t begin, std::size_t end, int) {
    try {
      range(context, begin, end);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  });
  if (error) std::rethrow_exception(error);
}

std::vector<PluginResult> infer_now(const op::Plugin& plugin, std::span<const TensorView> inputs) {
  std::vector<Tensor> values(inputs.size());
  std::vector<PluginOperand> operands(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].present) continue;
    values[i] = Tensor::view_const(inputs[i].dtype, Shape(inputs[i].shape.begin(), inputs[i].shape.end()),
                                   inputs[i].data, {}, inputs[i].space);
    operands[i] = describe_value(values[i]);
  }
  return plugin.entry->infer(operands, plugin.values);
}

std::optional<Shape> known_shape(const PluginResult& result) {
  if (!result.dims) return std::nullopt;
  Shape shape;
  for (const SymbolicDim& text : *result.dims) {
    const Dim dim = Dim::parse(text.text());
    if (!dim.is_const()) return std::nullopt;
    TENON_REQUIRE(dim.value() >= 0, "inference gives the negative dim {}", dim.value());
    shape.push_back(dim.value());
  }
  return shape;
}

TensorView view_of(const Tensor& tensor) {
  return {true, tensor.dtype(), tensor.shape(), tensor.data(), tensor.memory_space()};
}

PluginOperand describe_value(const Tensor& tensor) {
  PluginOperand operand;
  operand.present = true;
  operand.dtype = tensor.dtype();
  operand.dims = SymbolicDims(tensor.shape().begin(), tensor.shape().end());
  operand.constant = &tensor;
  if (tensor.rank() <= 1 && tensor.elements() <= kMaxKnownValues) {
    if (tensor.dtype() == DataType::i64) operand.values = texts_of<std::int64_t>(tensor);
    if (tensor.dtype() == DataType::i32) operand.values = texts_of<std::int32_t>(tensor);
  }
  return operand;
}

}  // namespace tenon
