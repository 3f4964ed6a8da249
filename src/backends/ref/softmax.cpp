// softmax, log_softmax, hardmax.
#include "ops/softmax.hpp"

#include "backends/ref/index.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"

#include <algorithm>

namespace tenon {
namespace ref {
namespace {

// Replaces each line along the axis by f(line).
template <class F>
void map_lines(const Call& call, std::int64_t axis, F&& f) {
  const Shape& shape = call.in(0).shape();
  std::vector<double> x = to_doubles(call.in(0));
  const AxisView view = axis_view(shape, positive_axis(axis, static_cast<std::int64_t>(shape.size())));
  std::vector<double> line(static_cast<std::size_t>(view.size));
  for (std::int64_t i = 0; i < view.outer * view.inner && view.size > 0; ++i) {
    const std::int64_t base = i / view.inner * view.size * view.inner + i % view.inner;
    for (std::size_t k = 0; k < line.size(); ++k)
      line[k] = x[static_cast<std::size_t>(base) + k * static_cast<std::size_t>(view.inner)];
    f(line);
    for (std::size_t k = 0; k < line.size(); ++k)
      x[static_cast<std::size_t>(base) + k * static_cast<std::size_t>(view.inner)] = line[k];
  }
  store_doubles(x, call.out());
}

double exp_sum(const std::vector<double>& line, double largest) {
  double sum = 0;
  for (const double value : line) sum += std::exp(value - largest);
  return sum;
}

void run_softmax(const Op& op, const Call& call) {
  map_lines(call, op.as<op::Softmax>()->axis, [](std::vector<double>& line) {
    const double largest = *std::max_element(line.begin(), line.end());
    const double sum = exp_sum(line, largest);
    for (double& value : line) value = std::exp(value - largest) / sum;
  });
}

void run_log_softmax(const Op& op, const Call& call) {
  map_lines(call, op.as<op::LogSoftmax>()->axis, [](std::vector<double>& line) {
    const double largest = *std::max_element(line.begin(), line.end());
    const double log_sum = std::log(exp_sum(line, largest));
    for (double& value : line) value = value - largest - log_sum;
  });
}

void run_hardmax(const Op& op, const Call& call) {
  map_lines(call, op.as<op::Hardmax>()->axis, [](std::vector<double>& line) {
    const auto largest = std::max_element(line.begin(), line.end()) - line.begin();
    std::fill(line.begin(), line.end(), 0.0);
    line[static_cast<std::size_t>(largest)] = 1;
  });
}

}  // namespace
}  // namespace ref

void register_ref_softmax(ref::Registry& registry) {
  registry.add("softmax", ref::run_softmax);
  registry.add("log_softmax", ref::run_log_softmax);
  registry.add("hardmax", ref::run_hardmax);
}

}  // namespace tenon
