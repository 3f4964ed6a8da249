// LSTM and RNN against loops over time that say what the layers mean.
#include "caffe/support.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace tenon::test {
namespace {

using Matrix = std::vector<std::vector<double>>;  // [rows][columns]

// Numbers without a pattern, in [-1, 1).
struct Numbers {
  std::uint32_t state;
  float next() {
    state = state * 1664525U + 1013904223U;
    return static_cast<float>(state >> 8) / static_cast<float>(1 << 23) - 1;
  }
  Tensor tensor(Shape shape) {
    Tensor tensor(DataType::f32, std::move(shape));
    for (float& value : tensor.mutable_values<float>()) value = next();
    return tensor;
  }
};

BlobText blob(const Tensor& tensor) {
  const auto values = tensor.values<float>();
  return {tensor.shape(), {values.begin(), values.end()}};
}

double at(const Tensor& tensor, std::int64_t row, std::int64_t column) {
  return tensor.values<float>()[static_cast<std::size_t>(row * tensor.shape().back() + column)];
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

constexpr std::int64_t kSteps = 4;
constexpr std::int64_t kBatch = 2;
constexpr std::int64_t kInputs = 3;
constexpr std::int64_t kSize = 2;
constexpr std::int64_t kStatic = 2;

struct Sequence {
  Tensor x, cont, constant;
};

Sequence make_sequence(Numbers& numbers) {
  // Second sequence of the batch: begins anew at step 2.
  return {numbers.tensor({kSteps, kBatch, kInputs}), floats({kSteps, kBatch}, {0, 0, 1, 1, 1, 0, 1, 1}),
          numbers.tensor({kBatch, kStatic})};
}

// Σ of what does not depend on states, for gate or unit `row`.
double from_inputs(const Sequence& sequence, const Tensor& w, const Tensor& b, const Tensor* w_static,
                   std::int64_t step, std::int64_t n, std::int64_t row) {
  double sum = b.values<float>()[static_cast<std::size_t>(row)];
  for (std::int64_t i = 0; i < kInputs; ++i) sum += at(w, row, i) * at(sequence.x, step * kBatch + n, i);
  for (std::int64_t i = 0; w_static != nullptr && i < kStatic; ++i)
    sum += at(*w_static, row, i) * at(sequence.constant, n, i);
  return sum;
}

struct LstmWeights {
  Tensor w, b, w_static, r;
};

struct LstmResult {
  Floats y, h, c;
};

LstmResult lstm(const Sequence& sequence, const LstmWeights& weights, bool with_static, Matrix h, Matrix c) {
  LstmResult result;
  for (std::int64_t t = 0; t < kSteps; ++t) {
    for (std::int64_t n = 0; n < kBatch; ++n) {
      auto& hidden = h[static_cast<std::size_t>(n)];
      auto& cell = c[static_cast<std::size_t>(n)];
      const double cont = at(sequence.cont, t, n);
      std::vector<double> gates;
      for (std::int64_t row = 0; row < 4 * kSize; ++row) {
        double sum =
            from_inputs(sequence, weights.w, weights.b, with_static ? &weights.w_static : nullptr, t, n, row);
        for (std::int64_t i = 0; i < kSize; ++i)
          sum += at(weights.r, row, i) * cont * hidden[static_cast<std::size_t>(i)];
        gates.push_back(sum);
      }
      for (std::size_t i = 0; i < kSize; ++i) {
        cell[i] =
            cont * sigmoid(gates[kSize + i]) * cell[i] + sigmoid(gates[i]) * std::tanh(gates[3 * kSize + i]);
        hidden[i] = sigmoid(gates[2 * kSize + i]) * std::tanh(cell[i]);
        result.y.push_back(static_cast<float>(hidden[i]));
      }
    }
  }
  for (std::size_t n = 0; n < kBatch; ++n) {
    for (std::size_t i = 0; i < kSize; ++i) {
      result.h.push_back(static_cast<float>(h[n][i]));
      result.c.push_back(static_cast<float>(c[n][i]));
    }
  }
  return result;
}

LstmWeights lstm_weights(Numbers& numbers) {
  return {numbers.tensor({4 * kSize, kInputs}), numbers.tensor({4 * kSize}),
          numbers.tensor({4 * kSize, kStatic}), numbers.tensor({4 * kSize, kSize})};
}

const std::string kFields = "recurrent_param { num_output: 2 ";

TEST(CaffeLayers, LstmBeginsAnewWhereTheMarkIsZero) {
  Numbers numbers{1};
  const Sequence sequence = make_sequence(numbers);
  const LstmWeights w = lstm_weights(numbers);
  const Matrix zeros(kBatch, std::vector<double>(kSize, 0));
  const auto tops =
      run_layer({"LSTM", kFields + "}", {sequence.x, sequence.cont}, {blob(w.w), blob(w.b), blob(w.r)}});
  expect_close(tops.at(0), {kSteps, kBatch, kSize}, lstm(sequence, w, false, zeros, zeros).y);
}

TEST(CaffeLayers, LstmWithConstantInputAndExposedStates) {
  Numbers numbers{2};
  Sequence sequence = make_sequence(numbers);
  sequence.cont = floats({kSteps, kBatch}, {1, 0, 1, 1, 0, 1, 1, 1});
  const LstmWeights w = lstm_weights(numbers);
  const auto tops =
      run_layer({"LSTM",
                 kFields + "expose_hidden: true }",
                 {sequence.x, sequence.cont, sequence.constant, floats({1, kBatch, kSize}, {1, 2, 3, 4}),
                  floats({1, kBatch, kSize}, {-1, 1, 2, 0})},
                 {blob(w.w), blob(w.b), blob(w.w_static), blob(w.r)},
                 3});
  const LstmResult expected = lstm(sequence, w, true, {{1, 2}, {3, 4}}, {{-1, 1}, {2, 0}});
  expect_close(tops.at(0), {kSteps, kBatch, kSize}, expected.y);
  expect_close(tops.at(1), {1, kBatch, kSize}, expected.h);
  expect_close(tops.at(2), {1, kBatch, kSize}, expected.c);
}

TEST(CaffeLayers, Rnn) {
  Numbers numbers{3};
  const Sequence sequence = make_sequence(numbers);
  const Tensor w = numbers.tensor({kSize, kInputs});
  const Tensor b = numbers.tensor({kSize});
  const Tensor r = numbers.tensor({kSize, kSize});
  const Tensor out = numbers.tensor({kSize, kSize});
  const Tensor out_bias = numbers.tensor({kSize});
  Floats expected;
  Matrix h(kBatch, std::vector<double>(kSize, 0));
  for (std::int64_t t = 0; t < kSteps; ++t) {
    for (std::int64_t n = 0; n < kBatch; ++n) {
      const std::vector<double> before = h[static_cast<std::size_t>(n)];
      auto& now = h[static_cast<std::size_t>(n)];
      for (std::int64_t row = 0; row < kSize; ++row) {
        double sum = from_inputs(sequence, w, b, nullptr, t, n, row);
        for (std::size_t i = 0; i < kSize; ++i)
          sum += at(r, row, static_cast<std::int64_t>(i)) * at(sequence.cont, t, n) * before[i];
        now[static_cast<std::size_t>(row)] = std::tanh(sum);
      }
      for (std::int64_t row = 0; row < kSize; ++row) {
        double sum = out_bias.values<float>()[static_cast<std::size_t>(row)];
        for (std::size_t i = 0; i < kSize; ++i) sum += at(out, row, static_cast<std::int64_t>(i)) * now[i];
        expected.push_back(static_cast<float>(std::tanh(sum)));
      }
    }
  }
  const auto tops = run_layer({"RNN",
                               kFields + "}",
                               {sequence.x, sequence.cont},
                               {blob(w), blob(b), blob(r), blob(out), blob(out_bias)}});
  expect_close(tops.at(0), {kSteps, kBatch, kSize}, expected);
}

}  // namespace
}  // namespace tenon::test
