#include "importers/caffe/filler.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <tenon/error.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tenon::caffe {
namespace {

// SplitMix64 (Steele, Lea and Flood 2014): the standard library's distributions differ between systems.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  // In [0, 1).
  double uniform() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }

  // Box and Muller's transform.
  double gaussian() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  std::uint64_t state_;
};

// How many numbers meet in an output, or come from an input, as Caffe counts them.
double fan(const std::string& norm, const Shape& shape) {
  const auto count = static_cast<double>(element_count(shape));
  const double in = shape.empty() ? 1 : count / static_cast<double>(std::max<std::int64_t>(shape[0], 1));
  const double out =
      shape.size() < 2 ? count : count / static_cast<double>(std::max<std::int64_t>(shape[1], 1));
  if (norm == "FAN_OUT") return out;
  if (norm == "AVERAGE") return (in + out) / 2;
  TENON_REQUIRE(norm == "FAN_IN", "a filler has the variance_norm {}", quote(norm));
  return in;
}

template <class F>
void fill_with(std::span<float> values, F&& next) {
  for (float& value : values) value = static_cast<float>(next());
}

// Weights of a deconvolution that interpolates: a tent along each of the last two axes.
void fill_bilinear(const Shape& shape, std::span<float> values) {
  TENON_REQUIRE(shape.size() == 4 && shape[2] == shape[3],
                "the filler bilinear is for square kernels, not for [{}]", join(shape));
  const auto extent = static_cast<std::size_t>(shape[3]);
  const double half = std::ceil(static_cast<double>(extent) / 2);
  const double centre = (2 * half - 1 - std::fmod(half, 2.0)) / (2 * half);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto x = static_cast<double>(i % extent);
    const auto y = static_cast<double>((i / extent) % extent);
    values[i] = static_cast<float>((1 - std::abs(x / half - centre)) * (1 - std::abs(y / half - centre)));
  }
}

void normalize_rows(const Shape& shape, std::span<float> values) {
  const std::size_t rows = shape.empty() ? 1 : static_cast<std::size_t>(std::max<std::int64_t>(shape[0], 1));
  const std::size_t length = values.size() / rows;
  for (std::size_t row = 0; row < rows; ++row) {
    double sum = 0;
    for (const float value : values.subspan(row * length, length)) sum += value;
    for (float& value : values.subspan(row * length, length)) value = static_cast<float>(value / sum);
  }
}

}  // namespace

Filler Filler::constant(float value) {
  Filler filler;
  filler.value = value;
  return filler;
}

Filler Filler::xavier() {
  Filler filler;
  filler.type = "xavier";
  return filler;
}

Filler read_filler(const Message* fields, Filler otherwise) {
  if (fields == nullptr) return otherwise;
  Filler filler;
  filler.type = fields->word("type", filler.type);
  filler.value = fields->number("value", filler.value);
  filler.min = fields->number("min", filler.min);
  filler.max = fields->number("max", filler.max);
  filler.mean = fields->number("mean", filler.mean);
  filler.std = fields->number("std", filler.std);
  filler.variance_norm = fields->word("variance_norm", filler.variance_norm);
  fields->ignore({"sparse"});
  return filler;
}

Tensor fill(const Filler& filler, const Shape& shape, std::uint64_t seed) {
  Tensor tensor(DataType::f32, shape);
  const std::span<float> values = tensor.mutable_values<float>();
  Random random(seed);
  const auto between = [&](double low, double high) { return low + (high - low) * random.uniform(); };
  if (filler.type == "constant") {
    std::fill(values.begin(), values.end(), filler.value);
  } else if (filler.type == "uniform") {
    fill_with(values, [&] { return between(filler.min, filler.max); });
  } else if (filler.type == "gaussian") {
    fill_with(values, [&] { return filler.mean + filler.std * random.gaussian(); });
  } else if (filler.type == "positive_unitball") {
    fill_with(values, [&] { return random.uniform(); });
    normalize_rows(shape, values);
  } else if (filler.type == "xavier") {
    const double bound = std::sqrt(3 / fan(filler.variance_norm, shape));
    fill_with(values, [&] { return between(-bound, bound); });
  } else if (filler.type == "msra") {
    const double deviation = std::sqrt(2 / fan(filler.variance_norm, shape));
    fill_with(values, [&] { return deviation * random.gaussian(); });
  } else if (filler.type == "bilinear") {
    fill_bilinear(shape, values);
  } else {
    throw ModelError("there is no filler " + quote(filler.type));
  }
  return tensor;
}

}  // namespace tenon::caffe
