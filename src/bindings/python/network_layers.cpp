// Shorthands of tenon.NetworkBuilder for common layers, with the options of the C++ ones as keywords.
#include "bindings/python/arrays.hpp"
#include "bindings/python/network_values.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

namespace tenon::python {
namespace {

using namespace nb::literals;

using Builder = NetworkBuilder;
using Sizes = std::vector<std::int64_t>;
using View = std::string_view;

void bind_windows(nb::class_<Builder>& builder) {
  builder
      .def(
          "convolution",
          [](Builder& self, nb::handle x, nb::handle weights, nb::handle bias, Sizes stride, Sizes pad,
             Sizes dilation, std::string auto_pad, std::int64_t group, View name) {
            return self.convolution(
                to_operand(self, x), to_operand(self, weights), to_operand(self, bias),
                {std::move(stride), std::move(pad), std::move(dilation), std::move(auto_pad), group}, name);
          },
          "x"_a, "weights"_a, "bias"_a = nb::none(), nb::kw_only(), "stride"_a = Sizes(), "pad"_a = Sizes(),
          "dilation"_a = Sizes(), "auto_pad"_a = "explicit", "group"_a = 1, "name"_a = "",
          "x [N, C, spatial…], weights [M, C / group, kernel…]; pad: all begins, then all ends; auto_pad "
          "\"same_upper\", "
          "\"same_lower\" or \"valid\" instead.")
      .def(
          "deconvolution",
          [](Builder& self, nb::handle x, nb::handle weights, nb::handle bias, Sizes stride, Sizes pad,
             Sizes dilation, std::string auto_pad, std::int64_t group, Sizes output_padding,
             Sizes output_shape, View name) {
            return self.deconvolution(
                to_operand(self, x), to_operand(self, weights), to_operand(self, bias),
                {std::move(stride), std::move(pad), std::move(dilation), std::move(auto_pad), group,
                 std::move(output_padding), std::move(output_shape)},
                name);
          },
          "x"_a, "weights"_a, "bias"_a = nb::none(), nb::kw_only(), "stride"_a = Sizes(), "pad"_a = Sizes(),
          "dilation"_a = Sizes(), "auto_pad"_a = "explicit", "group"_a = 1, "output_padding"_a = Sizes(),
          "output_shape"_a = Sizes(), "name"_a = "")
      .def(
          "max_pool",
          [](Builder& self, nb::handle x, const Sizes& kernel, Sizes stride, Sizes pad, Sizes dilation,
             std::string auto_pad, bool ceil_mode, View name) {
            return self.max_pool(
                to_operand(self, x), kernel,
                {std::move(stride), std::move(pad), std::move(dilation), std::move(auto_pad), ceil_mode},
                name);
          },
          "x"_a, "kernel"_a, nb::kw_only(), "stride"_a = Sizes(), "pad"_a = Sizes(), "dilation"_a = Sizes(),
          "auto_pad"_a = "explicit", "ceil_mode"_a = false, "name"_a = "")
      .def(
          "average_pool",
          [](Builder& self, nb::handle x, const Sizes& kernel, Sizes stride, Sizes pad, Sizes dilation,
             std::string auto_pad, bool ceil_mode, bool count_include_pad, View name) {
            return self.average_pool(to_operand(self, x), kernel,
                                     {std::move(stride), std::move(pad), std::move(dilation),
                                      std::move(auto_pad), ceil_mode, count_include_pad},
                                     name);
          },
          "x"_a, "kernel"_a, nb::kw_only(), "stride"_a = Sizes(), "pad"_a = Sizes(), "dilation"_a = Sizes(),
          "auto_pad"_a = "explicit", "ceil_mode"_a = false, "count_include_pad"_a = false, "name"_a = "")
      .def(
          "global_average_pool",
          [](Builder& self, nb::handle x, View name) {
            return self.global_average_pool(to_operand(self, x), name);
          },
          "x"_a, "name"_a = "");
}

void bind_arithmetic(nb::class_<Builder>& builder) {
  builder
      .def(
          "matmul",
          [](Builder& self, nb::handle a, nb::handle b, bool transpose_a, bool transpose_b, View name) {
            return self.matmul(to_operand(self, a), to_operand(self, b), transpose_a, transpose_b, name);
          },
          "a"_a, "b"_a, "transpose_a"_a = false, "transpose_b"_a = false, "name"_a = "", "numpy's rules.")
      .def(
          "linear",
          [](Builder& self, nb::handle x, nb::handle weights, nb::handle bias, bool transpose_weights,
             View name) {
            return self.linear(to_operand(self, x), to_operand(self, weights), to_operand(self, bias),
                               transpose_weights, name);
          },
          "x"_a, "weights"_a, "bias"_a = nb::none(), "transpose_weights"_a = false, "name"_a = "",
          "x @ weights, plus a bias [N] along the last axis.")
      .def(
          "activation",
          [](Builder& self, View function, nb::handle x, nb::handle alpha, float beta, View name) {
            const NetworkValue operand = to_operand(self, x);
            if (alpha.is_none()) return self.activation(function, operand, name);
            return self.activation(function, operand, nb::cast<float>(alpha), beta, name);
          },
          "function"_a, "x"_a, "alpha"_a = nb::none(), "beta"_a = 0.0F, "name"_a = "",
          nb::sig("def activation(self, function: str, x: typing.Any, alpha: float | None = None, beta: "
                  "float = 0.0, "
                  "name: str = '') -> NetworkValue"),
          "\"relu\", \"sigmoid\", \"gelu\", \"leaky_relu\"…; alpha and beta are its parameters.")
      .def(
          "clip",
          [](Builder& self, nb::handle x, float low, float high, View name) {
            return self.clip(to_operand(self, x), low, high, name);
          },
          "x"_a, "low"_a, "high"_a, "name"_a = "")
      .def(
          "elementwise",
          [](Builder& self, View function, nb::handle a, nb::handle b, View name) {
            return self.elementwise(function, to_operand(self, a), to_operand(self, b), name);
          },
          "function"_a, "a"_a, "b"_a, "name"_a = "",
          "\"add\", \"mul\", \"max\", \"pow\", \"less\"…; broadcasts.")
      .def(
          "where",
          [](Builder& self, nb::handle condition, nb::handle a, nb::handle b, View name) {
            return self.where(to_operand(self, condition), to_operand(self, a), to_operand(self, b), name);
          },
          "condition"_a, "a"_a, "b"_a, "name"_a = "")
      .def(
          "softmax",
          [](Builder& self, nb::handle x, std::int64_t axis, View name) {
            return self.softmax(to_operand(self, x), axis, name);
          },
          "x"_a, "axis"_a = -1, "name"_a = "")
      .def(
          "batch_norm",
          [](Builder& self, nb::handle x, nb::handle scale, nb::handle bias, nb::handle mean,
             nb::handle variance, float epsilon, View name) {
            return self.batch_norm(to_operand(self, x), to_operand(self, scale), to_operand(self, bias),
                                   to_operand(self, mean), to_operand(self, variance), epsilon, name);
          },
          "x"_a, "scale"_a, "bias"_a, "mean"_a, "variance"_a, "epsilon"_a = 1e-5F, "name"_a = "")
      .def(
          "layer_norm",
          [](Builder& self, nb::handle x, nb::handle scale, nb::handle bias, std::int64_t axis, float epsilon,
             View name) {
            return self.layer_norm(to_operand(self, x), to_operand(self, scale), to_operand(self, bias), axis,
                                   epsilon, name);
          },
          "x"_a, "scale"_a = nb::none(), "bias"_a = nb::none(), "axis"_a = -1, "epsilon"_a = 1e-5F,
          "name"_a = "")
      .def(
          "reduce",
          [](Builder& self, View function, nb::handle x, const Sizes& axes, bool keep_dims, View name) {
            return self.reduce(function, to_operand(self, x), axes, keep_dims, name);
          },
          "function"_a, "x"_a, "axes"_a = Sizes(), "keep_dims"_a = true, "name"_a = "",
          "\"sum\", \"mean\", \"max\", \"min\", \"prod\", \"l1\", \"l2\", \"log_sum\", \"log_sum_exp\", "
          "\"sum_square\"; no "
          "axes: all of them.");
}

void bind_movement(nb::class_<Builder>& builder) {
  builder
      .def(
          "concat",
          [](Builder& self, nb::handle parts, std::int64_t axis, View name) {
            return self.concat(to_operands(self, parts), axis, name);
          },
          "parts"_a, "axis"_a, "name"_a = "",
          nb::sig(
              "def concat(self, parts: collections.abc.Sequence[typing.Any], axis: int, name: str = '') -> "
              "NetworkValue"))
      .def(
          "split",
          [](Builder& self, nb::handle x, std::int64_t axis, const Sizes& sizes, View name) {
            return self.split(to_operand(self, x), axis, sizes, name);
          },
          "x"_a, "axis"_a, "sizes"_a, "name"_a = "")
      .def(
          "reshape",
          [](Builder& self, nb::handle x, const Sizes& dims, View name) {
            return self.reshape(to_operand(self, x), dims, name);
          },
          "x"_a, "dims"_a, "name"_a = "",
          "One entry may be -1 (what is left), 0 keeps the dim at its position.")
      .def(
          "transpose",
          [](Builder& self, nb::handle x, const Sizes& perm, View name) {
            return self.transpose(to_operand(self, x), perm, name);
          },
          "x"_a, "perm"_a, "name"_a = "")
      .def(
          "flatten",
          [](Builder& self, nb::handle x, std::int64_t axis, View name) {
            return self.flatten(to_operand(self, x), axis, name);
          },
          "x"_a, "axis"_a = 1, "name"_a = "")
      .def(
          "squeeze",
          [](Builder& self, nb::handle x, const Sizes& axes, View name) {
            return self.squeeze(to_operand(self, x), axes, name);
          },
          "x"_a, "axes"_a, "name"_a = "")
      .def(
          "unsqueeze",
          [](Builder& self, nb::handle x, const Sizes& axes, View name) {
            return self.unsqueeze(to_operand(self, x), axes, name);
          },
          "x"_a, "axes"_a, "name"_a = "")
      .def(
          "expand",
          [](Builder& self, nb::handle x, const Sizes& dims, View name) {
            return self.expand(to_operand(self, x), dims, name);
          },
          "x"_a, "dims"_a, "name"_a = "")
      .def(
          "slice",
          [](Builder& self, nb::handle x, const Sizes& starts, const Sizes& ends, Sizes axes, Sizes steps,
             View name) {
            return self.slice(to_operand(self, x), starts, ends, {std::move(axes), std::move(steps)}, name);
          },
          "x"_a, "starts"_a, "ends"_a, nb::kw_only(), "axes"_a = Sizes(), "steps"_a = Sizes(), "name"_a = "",
          "Half-open ranges; negative positions count from the end. axes: the first ones; steps: 1.")
      .def(
          "pad",
          [](Builder& self, nb::handle x, const Sizes& pads, double value, View name) {
            return self.pad(to_operand(self, x), pads, value, name);
          },
          "x"_a, "pads"_a, "value"_a = 0.0, "name"_a = "", "All begins, then all ends, of every axis.")
      .def(
          "gather",
          [](Builder& self, nb::handle data, nb::handle indices, std::int64_t axis, View name) {
            return self.gather(to_operand(self, data), to_operand(self, indices), axis, name);
          },
          "data"_a, "indices"_a, "axis"_a = 0, "name"_a = "")
      .def(
          "resize",
          [](Builder& self, nb::handle x, const Sizes& sizes, View mode, View name) {
            return self.resize(to_operand(self, x), sizes, mode, name);
          },
          "x"_a, "sizes"_a, "mode"_a = "nearest", "name"_a = "",
          "The spatial axes to sizes; mode \"nearest\", \"linear\" or \"cubic\".")
      .def(
          "top_k",
          [](Builder& self, nb::handle x, std::int64_t k, std::int64_t axis, View name) {
            return self.top_k(to_operand(self, x), k, axis, name);
          },
          "x"_a, "k"_a, "axis"_a = -1, "name"_a = "", "Values, and their positions as i64.")
      .def(
          "cast",
          [](Builder& self, nb::handle x, nb::handle dtype, View name) {
            return self.cast(to_operand(self, x), to_data_type(dtype), name);
          },
          "x"_a, "dtype"_a, "name"_a = "")
      .def(
          "quantize",
          [](Builder& self, nb::handle x, nb::handle scale, nb::handle zero_point, std::int64_t axis,
             View name) {
            return self.quantize(to_operand(self, x), to_operand(self, scale), to_operand(self, zero_point),
                                 axis, name);
          },
          "x"_a, "scale"_a, "zero_point"_a = nb::none(), "axis"_a = 1, "name"_a = "")
      .def(
          "dequantize",
          [](Builder& self, nb::handle x, nb::handle scale, nb::handle zero_point, std::int64_t axis,
             View name) {
            return self.dequantize(to_operand(self, x), to_operand(self, scale), to_operand(self, zero_point),
                                   axis, name);
          },
          "x"_a, "scale"_a, "zero_point"_a = nb::none(), "axis"_a = 1, "name"_a = "");
}

}  // namespace

void bind_layers(nb::class_<NetworkBuilder>& builder) {
  bind_windows(builder);
  bind_arithmetic(builder);
  bind_movement(builder);
}

}  // namespace tenon::python
