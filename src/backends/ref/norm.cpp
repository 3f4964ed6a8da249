// batch_norm, instance_norm, layer_norm, group_norm, rms_norm, lrn, lp_norm, mean_variance_norm.
#include "backends/ref/index.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"
#include "ops/batch_norm.hpp"
#include "ops/group_norm.hpp"
#include "ops/instance_norm.hpp"
#include "ops/layer_norm.hpp"
#include "ops/lp_norm.hpp"
#include "ops/lrn.hpp"
#include "ops/mean_variance_norm.hpp"
#include "ops/rms_norm.hpp"

#include <algorithm>
#include <functional>

namespace tenon {
namespace ref {
namespace {

struct Moments {
  double mean = 0;
  double variance = 0;  // of the whole population
};

Moments moments_of(std::span<const double> values) {
  Moments moments;
  const auto count = static_cast<double>(values.size());
  for (const double value : values) moments.mean += value / count;
  for (const double value : values)
    moments.variance += (value - moments.mean) * (value - moments.mean) / count;
  return moments;
}

// Elements after the first `leading` axes.
std::size_t trailing_elements(const Shape& shape, std::size_t leading) {
  std::size_t count = 1;
  for (std::size_t i = leading; i < shape.size(); ++i) count *= static_cast<std::size_t>(shape[i]);
  return count;
}

// values broadcast to `shape`, element by element; `otherwise` when the operand is absent.
std::vector<double> broadcast_operand(const Call& call, std::size_t operand, const Shape& shape,
                                      double otherwise) {
  if (!call.has(operand))
    return std::vector<double>(static_cast<std::size_t>(element_count(shape)), otherwise);
  const std::vector<double> values = to_doubles(call.in(operand));
  const std::vector<std::int64_t> strides = broadcast_strides(call.in(operand).shape(), shape);
  std::vector<double> result;
  for_each_index(shape, [&](std::span<const std::int64_t> index) {
    result.push_back(values[static_cast<std::size_t>(dot(index, strides))]);
  });
  return result;
}

void run_batch_norm(const Op& op, const Call& call) {
  const double epsilon = op.as<op::BatchNorm>()->epsilon;
  std::vector<double> x = to_doubles(call.in(0));
  const std::vector<double> scale = to_doubles(call.in(1));
  const std::vector<double> bias = to_doubles(call.in(2));
  const std::vector<double> mean = to_doubles(call.in(3));
  const std::vector<double> variance = to_doubles(call.in(4));
  const std::size_t plane = trailing_elements(call.in(0).shape(), 2);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = i / plane % scale.size();
    x[i] = (x[i] - mean[c]) / std::sqrt(variance[c] + epsilon) * scale[c] + bias[c];
  }
  store_doubles(x, call.out());
}

// Consecutive pieces of `size` elements, each normalized by its own moments.
void normalize_pieces(std::vector<double>& x, std::size_t size, double epsilon) {
  for (std::size_t start = 0; size != 0 && start < x.size(); start += size) {
    const std::span<double> piece = std::span(x).subspan(start, size);
    const Moments moments = moments_of(piece);
    for (double& value : piece) value = (value - moments.mean) / std::sqrt(moments.variance + epsilon);
  }
}

void run_instance_norm(const Op& op, const Call& call) {
  std::vector<double> x = to_doubles(call.in(0));
  const std::vector<double> scale = to_doubles(call.in(1));
  const std::vector<double> bias = to_doubles(call.in(2));
  const std::size_t plane = trailing_elements(call.in(0).shape(), 2);
  normalize_pieces(x, plane, op.as<op::InstanceNorm>()->epsilon);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = i / plane % scale.size();
    x[i] = x[i] * scale[c] + bias[c];
  }
  store_doubles(x, call.out());
}

void run_group_norm(const Op& op, const Call& call) {
  const auto& norm = *op.as<op::GroupNorm>();
  const Shape& shape = call.in(0).shape();
  std::vector<double> x = to_doubles(call.in(0));
  const std::vector<double> scale = to_doubles(call.in(1));
  const std::vector<double> bias = to_doubles(call.in(2));
  const std::size_t sample = trailing_elements(shape, 1);
  const std::size_t channels = static_cast<std::size_t>(shape[1]);
  normalize_pieces(x, sample / static_cast<std::size_t>(norm.num_groups), norm.epsilon);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t channel = i % sample / (sample / channels);
    const std::size_t c = channel * scale.size() / channels;
    x[i] = x[i] * scale[c] + bias[c];
  }
  store_doubles(x, call.out());
}

void run_layer_norm(const Op& op, const Call& call) {
  const auto& norm = *op.as<op::LayerNorm>();
  const Shape& shape = call.in(0).shape();
  std::vector<double> x = to_doubles(call.in(0));
  const std::vector<double> scale = broadcast_operand(call, 1, shape, 1);
  const std::vector<double> bias = broadcast_operand(call, 2, shape, 0);
  const auto first =
      static_cast<std::size_t>(positive_axis(norm.axis, static_cast<std::int64_t>(shape.size())));
  const std::size_t size = trailing_elements(shape, first);
  std::vector<double> means;
  std::vector<double> inverse_deviations;
  const std::size_t groups = static_cast<std::size_t>(element_count(std::span(shape).first(first)));
  for (std::size_t group = 0; group < groups; ++group) {
    const Moments moments = moments_of(std::span(x).subspan(group * size, size));
    means.push_back(moments.mean);
    inverse_deviations.push_back(1 / std::sqrt(moments.variance + norm.epsilon));
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = (x[i] - means[i / size]) * inverse_deviations[i / size] * scale[i] + bias[i];
  }
  store_doubles(x, call.out());
  if (call.outputs.size() > 1) store_doubles(means, call.out(1));
  if (call.outputs.size() > 2) store_doubles(inverse_deviations, call.out(2));
}

void run_rms_norm(const Op& op, const Call& call) {
  const auto& norm = *op.as<op::RmsNorm>();
  const Shape& shape = call.in(0).shape();
  std::vector<double> x = to_doubles(call.in(0));
  const std::vector<double> scale = broadcast_operand(call, 1, shape, 1);
  const auto first =
      static_cast<std::size_t>(positive_axis(norm.axis, static_cast<std::int64_t>(shape.size())));
  const std::size_t size = trailing_elements(shape, first);
  for (std::size_t start = 0; start < x.size(); start += size) {
    double mean_square = 0;
    for (std::size_t i = start; i < start + size; ++i) mean_square += x[i] * x[i] / static_cast<double>(size);
    for (std::size_t i = start; i < start + size; ++i)
      x[i] = x[i] / std::sqrt(mean_square + norm.epsilon) * scale[i];
  }
  store_doubles(x, call.out());
}

void run_lrn(const Op& op, const Call& call) {
  const auto& lrn = *op.as<op::Lrn>();
  const Shape& shape = call.in(0).shape();
  const std::vector<double> x = to_doubles(call.in(0));
  const AxisView view = axis_view(shape, 1);
  std::vector<double> y(x.size());
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(x.size()); ++i) {
    const std::int64_t c = i / view.inner % view.size;
    const std::int64_t first = std::max<std::int64_t>(0, c - (lrn.size - 1) / 2);
    const std::int64_t last = std::min(view.size - 1, c + lrn.size / 2);
    double squares = 0;
    for (std::int64_t j = first; j <= last; ++j) {
      const double value = x[static_cast<std::size_t>(i + (j - c) * view.inner)];
      squares += value * value;
    }
    const double base = static_cast<double>(lrn.bias) +
                        static_cast<double>(lrn.alpha) / static_cast<double>(lrn.size) * squares;
    y[static_cast<std::size_t>(i)] =
        x[static_cast<std::size_t>(i)] / std::pow(base, static_cast<double>(lrn.beta));
  }
  store_doubles(y, call.out());
}

void run_lp_norm(const Op& op, const Call& call) {
  const auto& norm = *op.as<op::LpNorm>();
  const Shape& shape = call.in(0).shape();
  std::vector<double> x = to_doubles(call.in(0));
  const AxisView view = axis_view(shape, positive_axis(norm.axis, static_cast<std::int64_t>(shape.size())));
  for (std::int64_t outer = 0; outer < view.outer; ++outer) {
    for (std::int64_t inner = 0; inner < view.inner; ++inner) {
      auto at = [&](std::int64_t k) -> double& {
        return x[static_cast<std::size_t>((outer * view.size + k) * view.inner + inner)];
      };
      double sum = 0;
      for (std::int64_t k = 0; k < view.size; ++k) sum += norm.p == 1 ? std::fabs(at(k)) : at(k) * at(k);
      const double length = norm.p == 1 ? sum : std::sqrt(sum);
      for (std::int64_t k = 0; k < view.size; ++k) at(k) = length == 0 ? 0 : at(k) / length;
    }
  }
  store_doubles(x, call.out());
}

void run_mean_variance_norm(const Op& op, const Call& call) {
  const auto& norm = *op.as<op::MeanVarianceNorm>();
  const Shape& shape = call.in(0).shape();
  const std::vector<double> x = to_doubles(call.in(0));
  Shape kept = shape;
  for (const std::int64_t axis : norm.axes) {
    kept[static_cast<std::size_t>(positive_axis(axis, static_cast<std::int64_t>(shape.size())))] = 1;
  }
  // Elements that share their moments have one position in the tensor of shape `kept`.
  const std::vector<std::int64_t> strides = broadcast_strides(kept, shape);
  std::vector<std::vector<double>> groups(static_cast<std::size_t>(element_count(kept)));
  std::size_t position = 0;
  for_each_index(shape, [&](std::span<const std::int64_t> index) {
    groups[static_cast<std::size_t>(dot(index, strides))].push_back(x[position++]);
  });
  std::vector<Moments> moments;
  moments.reserve(groups.size());
  for (const auto& group : groups) moments.push_back(moments_of(group));
  std::vector<double> y;
  for_each_index(shape, [&](std::span<const std::int64_t> index) {
    const Moments& own = moments[static_cast<std::size_t>(dot(index, strides))];
    y.push_back((x[y.size()] - own.mean) / (std::sqrt(own.variance) + norm.epsilon));
  });
  store_doubles(y, call.out());
}

}  // namespace
}  // namespace ref

void register_ref_norm(ref::Registry& registry) {
  registry.add("batch_norm", ref::run_batch_norm);
  registry.add("instance_norm", ref::run_instance_norm);
  registry.add("layer_norm", ref::run_layer_norm);
  registry.add("group_norm", ref::run_group_norm);
  registry.add("rms_norm", ref::run_rms_norm);
  registry.add("lrn", ref::run_lrn);
  registry.add("lp_norm", ref::run_lp_norm);
  registry.add("mean_variance_norm", ref::run_mean_variance_norm);
}

}  // namespace tenon
