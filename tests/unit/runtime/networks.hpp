// Small networks for the runtime's tests.
#pragma once

#include "plan/plan.hpp"

#include <tenon/builder.hpp>

#include <string_view>
#include <vector>

namespace tenon::test {

inline constexpr std::string_view kConvNet = R"(
graph @net(%x: f32[N,3,H,16]) symbols(N in [1,8], H in [8,32]) {
  %w = constant {value=f32[24,3,3,3] splat(0.01)} : f32[24,3,3,3]
  %v = constant {value=f32[24,24,3,3] splat(0.02)} : f32[24,24,3,3]
  %y = conv(%x, %w) {pad=[1,1,1,1]} : f32[N,24,H,16]
  %r = relu(%y) : f32[N,24,H,16]
  %z = conv(%r, %v) {pad=[1,1,1,1]} : f32[N,24,H,16]
  %s = add(%z, %r) : f32[N,24,H,16]
  %p = global_average_pool(%s) : f32[N,24,1,1]
  return %p as "y"
})";

// N in 1…2…4, H in 8…16…32.
inline Engine build_conv_net(Device device = Device::cpu, int threads = 2) {
  BuildOptions options;
  options.device = device;
  options.threads = threads;
  options.measure = false;
  options.shapes["x"] = {{1, 3, 8, 16}, {2, 3, 16, 16}, {4, 3, 32, 16}};
  return build(Network::from_text(kConvNet), options);
}

// Values in [-1, 1) that depend on the seed alone.
Tensor random_tensor(Shape shape, std::uint64_t seed);

// Bytes that depend on the seed alone.
Tensor random_bytes(DataType dtype, const Shape& shape, std::uint64_t seed);

// Largest |a - b| over the larger of 1 and the largest |a|.
double relative_difference(const Tensor& a, const Tensor& b);

// Steps of the first profile.
std::vector<const PlanStep*> steps_of_kind(const Plan& plan, std::string_view kind);

}  // namespace tenon::test
