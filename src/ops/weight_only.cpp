#include "ops/weight_only.hpp"

#include "base/check.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/epilogue.hpp"
#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {
namespace {

// Some of an operator's operands in another order, as those of one of its parts; the type of one may be
// replaced.
class PartContext final : public InferContext {
 public:
  PartContext(const InferContext& whole, std::vector<std::size_t> operands)
      : whole_(whole), operands_(std::move(operands)) {}

  void replace_type(std::size_t i, Type type) {
    replaced_ = i;
    type_ = std::move(type);
  }

  std::size_t input_count() const noexcept override { return operands_.size(); }
  bool has(std::size_t i) const noexcept override { return i < operands_.size() && whole_.has(operands_[i]); }
  const Type& type(std::size_t i) const override {
    return type_ && i == replaced_ ? *type_ : whole_.type(operands_.at(i));
  }
  const Tensor* constant(std::size_t i) const noexcept override {
    return (type_ && i == replaced_) || i >= operands_.size() ? nullptr : whole_.constant(operands_[i]);
  }
  const Dims* symbolic_value(std::size_t i) const noexcept override {
    return i < operands_.size() ? whole_.symbolic_value(operands_[i]) : nullptr;
  }
  ValueId id(std::size_t i) const noexcept override {
    return i < operands_.size() ? whole_.id(operands_[i]) : ValueId();
  }
  std::size_t output_count() const noexcept override { return 1; }
  std::size_t region_count() const noexcept override { return 0; }
  std::vector<Type> region_results(std::size_t) const override { return {}; }
  [[noreturn]] void fail(const std::string& message) const override {
    whole_.fail(message);
    TENON_UNREACHABLE("an inference that failed went on");
  }

 private:
  const InferContext& whole_;
  std::vector<std::size_t> operands_;
  std::size_t replaced_ = 0;
  std::optional<Type> type_;
};

}  // namespace

template <class Base>
std::vector<Inference> WeightOnly<Base>::infer(InferContext& context) const {
  context.require_inputs(4, kFirstEpilogueOperand + std::max<std::size_t>(this->epilogue.inputs, 1) - 1);
  context.require_dtype(kX, {DataType::f32});
  const DataType stored = context.dtype(kWeights);
  if (!is_integer(stored) || bit_width(stored) > 8)
    context.fail(fmt::format("weights of {}: expected integers of 2 to 8 bits", tenon::name(stored)));
  context.require_dtype(kScale, {DataType::f32});
  DequantizeLinear dequantize;
  dequantize.axis = axis;
  dequantize.block_size = block_size;
  PartContext stored_weights(context, {kWeights, kScale, kZero});
  const Type weights = dequantize.infer(stored_weights).front().type;

  std::vector<std::size_t> operands = {kX, kWeights, kBias};
  for (std::size_t i = kFirstEpilogueOperand; i < context.input_count(); ++i) operands.push_back(i);
  PartContext rest(context, std::move(operands));
  rest.replace_type(1, weights);
  return Base::infer(rest);
}

template <class Base>
std::vector<ValueId> WeightOnly<Base>::decompose(NodeBuilder& builder,
                                                 std::span<const ValueId> inputs) const {
  if (!this->epilogue.empty()) {  // kernels may take what is left: floats of all weights are the last resort
    WeightOnly plain = *this;
    plain.epilogue = {};
    const std::size_t own = std::min<std::size_t>(inputs.size(), kFirstEpilogueOperand);
    const ValueId main =
        builder.add(plain, {inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(own)});
    return {add_epilogue(builder, this->epilogue, main, inputs.subspan(own))};
  }
  DequantizeLinear dequantize;
  dequantize.axis = axis;
  dequantize.block_size = block_size;
  std::vector<ValueId> stored = {inputs[kWeights], inputs[kScale]};
  if (inputs.size() > kZero && inputs[kZero].valid()) stored.push_back(inputs[kZero]);
  std::vector<ValueId> operands = {inputs[kX], builder.add(dequantize, std::move(stored)), inputs[kBias]};
  return {builder.add(static_cast<const Base&>(*this), std::move(operands))};
}

template struct WeightOnly<Conv>;
template struct WeightOnly<ConvTranspose>;
template struct WeightOnly<MatMul>;

}  // namespace op

void register_op_weight_only(OpRegistry& registry) {
  registry.add<op::WeightOnlyConv>();
  registry.add<op::WeightOnlyConvTranspose>();
  registry.add<op::WeightOnlyMatMul>();
}

}  // namespace tenon
