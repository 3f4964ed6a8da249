// Short forms for evaluating one operator in tests.
#pragma once

#include "backends/ref/ref.hpp"

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

namespace tenon::test {

inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <class T>
Tensor tensor(Shape shape, std::vector<T> values) {
  if constexpr (std::is_same_v<T, bool>) {
    Tensor result(DataType::boolean, std::move(shape));
    for (std::size_t i = 0; i < values.size(); ++i) result.mutable_values<bool>()[i] = values[i];
    return result;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return Tensor::strings(std::move(shape), std::move(values));
  } else {
    return Tensor::of<T>(std::move(shape), std::span<const T>(values));
  }
}

inline Tensor ints(std::vector<std::int64_t> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return tensor<std::int64_t>({count}, std::move(values));
}

inline std::vector<Data> evaluate_all(const Op& op, std::vector<Data> inputs, std::size_t outputs = 1) {
  return ref::evaluate(op, inputs, outputs);
}

inline Tensor evaluate(const Op& op, std::vector<Data> inputs) {
  return ref::evaluate(op, inputs).front().tensor();
}

template <class T>
std::vector<T> values(const Tensor& source) {
  const auto span = source.values<T>();
  return {span.begin(), span.end()};
}

}  // namespace tenon::test
