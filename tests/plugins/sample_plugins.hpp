// Plugins made for tests.
#pragma once

#include <tenon/engine.hpp>
#include <tenon/network.hpp>
#include <tenon/plugin.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::test {

// Registered once, whoever asks first:
//   test:Affine:1(x f32) {factor = 2, offset = 1, relu = false, name = "", taps = [], weights = [], labels =
//   [],
//     dtype = f32, table}: x * factor + offset, with a workspace of x's size
//   test:Affine:2: has the required field "factor" alone
//   caffe:Affine:1, tensorflow:Affine:1: as test:Affine:1
//   test:PositiveRows:1(x f32 [N, C]): the rows whose first element is positive, and their number (i64 [])
//   test:Repeat:1(x f32 [C], times i64 [1]): [times, C], known where the value of `times` is
//   test:Faulty:1(x) {where}: throws; where = "infer", "kernel", "body", "unknown", "silent" (leaves its
//   result out)
void register_sample_plugins();

// The text of the ModelError that `action` throws.
std::string error_of(const std::function<void()>& action);
void expect_contains(const std::string& text, std::string_view part);

Tensor floats(Shape shape, const std::vector<float>& values);
std::vector<float> to_vector(const Tensor& tensor);

}  // namespace tenon::test
