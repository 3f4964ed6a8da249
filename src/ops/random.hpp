// Random tensors of a floating-point dtype. With a seed the values are reproducible on one backend; the
// stream itself is not specified.
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

// random_normal() → normally distributed values of the given shape.
struct RandomNormal {
  static constexpr std::string_view kName = "random_normal";
  static constexpr OpTraits kTraits{.deterministic = false};

  DataType dtype = DataType::f32;
  float mean = 0.0F;
  float scale = 1.0F;           // standard deviation
  std::optional<float> seed{};  // absent: a fresh one at each execution
  std::vector<std::int64_t> shape{};

  static constexpr auto fields() {
    return std::make_tuple(field("dtype", &RandomNormal::dtype), field("mean", &RandomNormal::mean),
                           field("scale", &RandomNormal::scale), field("seed", &RandomNormal::seed),
                           field("shape", &RandomNormal::shape));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

// random_normal_like(data) → the same, of the shape of data.
struct RandomNormalLike {
  static constexpr std::string_view kName = "random_normal_like";
  static constexpr OpTraits kTraits{.deterministic = false};

  std::optional<DataType> dtype{};  // absent: data's
  float mean = 0.0F;
  float scale = 1.0F;           // standard deviation
  std::optional<float> seed{};  // absent: a fresh one at each execution

  static constexpr auto fields() {
    return std::make_tuple(field("dtype", &RandomNormalLike::dtype), field("mean", &RandomNormalLike::mean),
                           field("scale", &RandomNormalLike::scale), field("seed", &RandomNormalLike::seed));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

// random_uniform() → values uniform in [low, high), of the given shape.
struct RandomUniform {
  static constexpr std::string_view kName = "random_uniform";
  static constexpr OpTraits kTraits{.deterministic = false};

  DataType dtype = DataType::f32;
  float low = 0.0F;
  float high = 1.0F;
  std::optional<float> seed{};  // absent: a fresh one at each execution
  std::vector<std::int64_t> shape{};

  static constexpr auto fields() {
    return std::make_tuple(field("dtype", &RandomUniform::dtype), field("low", &RandomUniform::low),
                           field("high", &RandomUniform::high), field("seed", &RandomUniform::seed),
                           field("shape", &RandomUniform::shape));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

// random_uniform_like(data) → the same, of the shape of data.
struct RandomUniformLike {
  static constexpr std::string_view kName = "random_uniform_like";
  static constexpr OpTraits kTraits{.deterministic = false};

  std::optional<DataType> dtype{};  // absent: data's
  float low = 0.0F;
  float high = 1.0F;
  std::optional<float> seed{};  // absent: a fresh one at each execution

  static constexpr auto fields() {
    return std::make_tuple(field("dtype", &RandomUniformLike::dtype), field("low", &RandomUniformLike::low),
                           field("high", &RandomUniformLike::high), field("seed", &RandomUniformLike::seed));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
