// The data files of the official backend tests, and how results compare with them.
#pragma once

#include "ir/data.hpp"

#include <filesystem>
#include <string>

namespace tenon::test {

// A file with a TensorProto, SequenceProto or OptionalProto, whichever `type` says.
Data read_backend_data(const std::filesystem::path& path, const Type& type);

// Empty when `found` is `expected` within rounding of its dtype, else what differs.
std::string difference(const Data& found, const Data& expected);

// For tensors drawn at random: empty when dtype and shape are the same, every value of `found` is one that
// `expected` has, and the means lie within five standard deviations of their difference.
std::string statistical_difference(const Tensor& found, const Tensor& expected);

// The same for `y` of Dropout in training: each element is 0 or x / (1 - ratio), and as many are 0 as `ratio`
// says, within five standard deviations.
std::string dropout_difference(const Tensor& y, const Tensor& x, double ratio);

}  // namespace tenon::test
