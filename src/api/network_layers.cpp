// The named layers of NetworkBuilder: operators with the operands and fields that they take.
#include "api/network_state.hpp"
#include "base/check.hpp"
#include "ops/scalar.hpp"

namespace tenon {
namespace {

using Ints = std::vector<std::int64_t>;

template <class Options>
Fields geometry_fields(const Options& options) {
  return {{"stride", options.stride},
          {"pad", options.pad},
          {"dilation", options.dilation},
          {"auto_pad", options.auto_pad}};
}

template <class Options>
Fields convolution_fields(const Options& options) {
  Fields fields = geometry_fields(options);
  fields.push_back({"group", options.group});
  return fields;
}

Fields pooling_fields(const Ints& kernel, const PoolingOptions& options) {
  Fields fields = geometry_fields(options);
  fields.push_back({"kernel", kernel});
  fields.push_back({"ceil_mode", options.ceil_mode});
  return fields;
}

}  // namespace

NetworkValue NetworkBuilder::constant(Tensor value, std::string_view name) {
  return add("constant", {}, {{"value", std::move(value)}}, name);
}

NetworkValue NetworkBuilder::constant(std::span<const std::int64_t> values, std::string_view name) {
  return constant(Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values), name);
}

NetworkValue NetworkBuilder::scalar(double value, DataType dtype, std::string_view name) {
  return constant(scalar_tensor(dtype, value), name);
}

NetworkValue NetworkBuilder::convolution(const NetworkValue& x, const NetworkValue& weights,
                                         const NetworkValue& bias, const ConvolutionOptions& options,
                                         std::string_view name) {
  return add("conv", {x, weights, bias}, convolution_fields(options), name);
}

NetworkValue NetworkBuilder::deconvolution(const NetworkValue& x, const NetworkValue& weights,
                                           const NetworkValue& bias, const DeconvolutionOptions& options,
                                           std::string_view name) {
  Fields fields = convolution_fields(options);
  fields.push_back({"output_padding", options.output_padding});
  fields.push_back({"output_shape", options.output_shape});
  return add("conv_transpose", {x, weights, bias}, fields, name);
}

NetworkValue NetworkBuilder::max_pool(const NetworkValue& x, const Ints& kernel,
                                      const PoolingOptions& options, std::string_view name) {
  return add("max_pool", {x}, pooling_fields(kernel, options), name);
}

NetworkValue NetworkBuilder::average_pool(const NetworkValue& x, const Ints& kernel,
                                          const PoolingOptions& options, std::string_view name) {
  Fields fields = pooling_fields(kernel, options);
  fields.push_back({"count_include_pad", options.count_include_pad});
  return add("average_pool", {x}, fields, name);
}

NetworkValue NetworkBuilder::global_average_pool(const NetworkValue& x, std::string_view name) {
  return add("global_average_pool", {x}, {}, name);
}

NetworkValue NetworkBuilder::matmul(const NetworkValue& a, const NetworkValue& b, bool transpose_a,
                                    bool transpose_b, std::string_view name) {
  return add("matmul", {a, b}, {{"transpose_a", transpose_a}, {"transpose_b", transpose_b}}, name);
}

NetworkValue NetworkBuilder::linear(const NetworkValue& x, const NetworkValue& weights,
                                    const NetworkValue& bias, bool transpose_weights, std::string_view name) {
  return add("matmul", {x, weights, bias}, {{"transpose_b", transpose_weights}}, name);
}

NetworkValue NetworkBuilder::activation(std::string_view function, const NetworkValue& x,
                                        std::string_view name) {
  return add(function, {x}, {}, name);
}

NetworkValue NetworkBuilder::activation(std::string_view function, const NetworkValue& x, float alpha,
                                        float beta, std::string_view name) {
  return add(function, {x}, {{"alpha", alpha}, {"beta", beta}}, name);
}

NetworkValue NetworkBuilder::clip(const NetworkValue& x, float low, float high, std::string_view name) {
  return activation("clip", x, low, high, name);
}

NetworkValue NetworkBuilder::elementwise(std::string_view function, const NetworkValue& a,
                                         const NetworkValue& b, std::string_view name) {
  return add(function, {a, b}, {}, name);
}

NetworkValue NetworkBuilder::where(const NetworkValue& condition, const NetworkValue& a,
                                   const NetworkValue& b, std::string_view name) {
  return add("where", {condition, a, b}, {}, name);
}

NetworkValue NetworkBuilder::softmax(const NetworkValue& x, std::int64_t axis, std::string_view name) {
  return add("softmax", {x}, {{"axis", axis}}, name);
}

NetworkValue NetworkBuilder::batch_norm(const NetworkValue& x, const NetworkValue& scale,
                                        const NetworkValue& bias, const NetworkValue& mean,
                                        const NetworkValue& variance, float epsilon, std::string_view name) {
  return add("batch_norm", {x, scale, bias, mean, variance}, {{"epsilon", epsilon}}, name);
}

NetworkValue NetworkBuilder::layer_norm(const NetworkValue& x, const NetworkValue& scale,
                                        const NetworkValue& bias, std::int64_t axis, float epsilon,
                                        std::string_view name) {
  return add("layer_norm", {x, scale, bias}, {{"axis", axis}, {"epsilon", epsilon}}, name);
}

NetworkValue NetworkBuilder::reduce(std::string_view function, const NetworkValue& x, const Ints& axes,
                                    bool keep_dims, std::string_view name) {
  return add(fmt::format("reduce_{}", function), {x}, {{"axes", axes}, {"keep_dims", keep_dims}}, name);
}

NetworkValue NetworkBuilder::concat(const NetworkValues& parts, std::int64_t axis, std::string_view name) {
  return add("concat", parts, {{"axis", axis}}, name);
}

NetworkValues NetworkBuilder::split(const NetworkValue& x, std::int64_t axis, const Ints& sizes,
                                    std::string_view name) {
  return add_all("split", {x}, {{"axis", axis}, {"sizes", sizes}}, name, sizes.size());
}

NetworkValue NetworkBuilder::reshape(const NetworkValue& x, const Ints& dims, std::string_view name) {
  return add("reshape", {x, constant(dims)}, {}, name);
}

NetworkValue NetworkBuilder::transpose(const NetworkValue& x, const Ints& perm, std::string_view name) {
  return add("transpose", {x}, {{"perm", perm}}, name);
}

NetworkValue NetworkBuilder::flatten(const NetworkValue& x, std::int64_t axis, std::string_view name) {
  return add("flatten", {x}, {{"axis", axis}}, name);
}

NetworkValue NetworkBuilder::squeeze(const NetworkValue& x, const Ints& axes, std::string_view name) {
  return add("squeeze", {x}, {{"axes", axes}}, name);
}

NetworkValue NetworkBuilder::unsqueeze(const NetworkValue& x, const Ints& axes, std::string_view name) {
  return add("unsqueeze", {x}, {{"axes", axes}}, name);
}

NetworkValue NetworkBuilder::expand(const NetworkValue& x, const Ints& dims, std::string_view name) {
  return add("expand", {x, constant(dims)}, {}, name);
}

NetworkValue NetworkBuilder::slice(const NetworkValue& x, const Ints& starts, const Ints& ends,
                                   const SliceOptions& options, std::string_view name) {
  Fields fields = {{"starts", starts}, {"ends", ends}};
  if (!options.axes.empty()) fields.push_back({"axes", options.axes});
  if (!options.steps.empty()) fields.push_back({"steps", options.steps});
  return add("slice", {x}, fields, name);
}

NetworkValue NetworkBuilder::pad(const NetworkValue& x, const Ints& pads, double value,
                                 std::string_view name) {
  const NetworkValue filling = value == 0 ? NetworkValue() : scalar(value, x.dtype());
  return add("pad", {x, {}, filling}, {{"pads", pads}}, name);
}

NetworkValue NetworkBuilder::gather(const NetworkValue& data, const NetworkValue& indices, std::int64_t axis,
                                    std::string_view name) {
  return add("gather", {data, indices}, {{"axis", axis}}, name);
}

NetworkValue NetworkBuilder::resize(const NetworkValue& x, const Ints& sizes, std::string_view mode,
                                    std::string_view name) {
  Ints axes;
  for (std::size_t i = 0; i < sizes.size(); ++i) axes.push_back(static_cast<std::int64_t>(i) + 2);
  return add("resize", {x}, {{"axes", axes}, {"sizes", sizes}, {"mode", mode}}, name);
}

NetworkValues NetworkBuilder::top_k(const NetworkValue& x, std::int64_t k, std::int64_t axis,
                                    std::string_view name) {
  return add_all("top_k", {x}, {{"k", k}, {"axis", axis}}, name);
}

NetworkValue NetworkBuilder::cast(const NetworkValue& x, DataType dtype, std::string_view name) {
  return add("cast", {x}, {{"to", dtype}}, name);
}

NetworkValue NetworkBuilder::quantize(const NetworkValue& x, const NetworkValue& scale,
                                      const NetworkValue& zero_point, std::int64_t axis,
                                      std::string_view name) {
  return add("quantize_linear", {x, scale, zero_point}, {{"axis", axis}}, name);
}

NetworkValue NetworkBuilder::dequantize(const NetworkValue& x, const NetworkValue& scale,
                                        const NetworkValue& zero_point, std::int64_t axis,
                                        std::string_view name) {
  return add("dequantize_linear", {x, scale, zero_point}, {{"axis", axis}}, name);
}

// --- arithmetic of handles ---

namespace {

NetworkValue arithmetic(const std::shared_ptr<NetworkValue::State>& state, std::string_view op,
                        const NetworkValue& a, const NetworkValue& b) {
  TENON_REQUIRE(state != nullptr, "operand 0 is absent");
  return state->add(op, {a, b}, {}, {}, 0, {}).front();
}

}  // namespace

NetworkValue operator+(const NetworkValue& a, const NetworkValue& b) {
  return arithmetic(a.state_, "add", a, b);
}
NetworkValue operator-(const NetworkValue& a, const NetworkValue& b) {
  return arithmetic(a.state_, "sub", a, b);
}
NetworkValue operator*(const NetworkValue& a, const NetworkValue& b) {
  return arithmetic(a.state_, "mul", a, b);
}
NetworkValue operator/(const NetworkValue& a, const NetworkValue& b) {
  return arithmetic(a.state_, "div", a, b);
}

}  // namespace tenon
