// One-node models of the com.microsoft domain against stored answers of ONNX Runtime (microsoft.cases,
// written by microsoft_cases.py), each as imported on the reference backend and optimized on the CPU, with
// its dims fixed and with those that are named left open. TENON_MICROSOFT_CASES names another file of such
// cases.
#include "onnx/cases.hpp"
#include "support/paths.hpp"

#include <tenon/builder.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

namespace tenon::test {
namespace {

std::vector<double> doubles(const Tensor& tensor) {
  std::vector<double> values;
  const auto all = [&](auto list) { values.assign(list.begin(), list.end()); };
  switch (tensor.dtype()) {
    case DataType::f32: all(tensor.values<float>()); break;
    case DataType::i64: all(tensor.values<std::int64_t>()); break;
    case DataType::i32: all(tensor.values<std::int32_t>()); break;
    case DataType::u8: all(tensor.values<std::uint8_t>()); break;
    default: all(tensor.values<std::int8_t>());
  }
  return values;
}

void compare(const StoredCase& c, std::size_t i, const Tensor& found) {
  const Tensor& expected = c.results[i].value;
  ASSERT_EQ(found.dtype(), expected.dtype()) << "output " << i;
  ASSERT_EQ(found.shape(), expected.shape()) << "output " << i;
  const std::vector<double> a = doubles(found), b = doubles(expected);
  double size = 1;
  for (const double x : b) size = std::isnan(x) ? size : std::max(size, std::abs(x));
  const bool whole = !is_floating_point(found.dtype());
  const double bound = c.within != 0 ? c.within : whole ? 0 : 2e-5 * size;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (std::isnan(b[k])) continue;  // the operator does not say
    ASSERT_LE(std::abs(a[k] - b[k]), bound)
        << "output " << i << ", element " << k << ": " << a[k] << ", expected " << b[k];
  }
}

void run(const StoredCase& c, const Network& network, const BuildOptions& options) {
  const Engine engine = build(network, options);
  Context context = engine.create_context();
  for (std::size_t i = 0; i < c.operands.size(); ++i) {
    if (c.operands[i].kind == CaseTensor::Kind::input)
      context.set_input(fmt::format("x{}", i), c.operands[i].value);
  }
  context.prepare();
  context.run();
  for (std::size_t i = 0; i < c.results.size(); ++i) {
    if (c.results[i].kind != CaseTensor::Kind::absent) compare(c, i, context.output(fmt::format("y{}", i)));
  }
}

std::vector<StoredCase> stored_cases() {
  const char* other = std::getenv("TENON_MICROSOFT_CASES");
  return read_cases(other != nullptr ? std::filesystem::path(other) : test_path("onnx/microsoft.cases"));
}

class Microsoft : public testing::TestWithParam<StoredCase> {};

TEST_P(Microsoft, AnswersAsStored) {
  const StoredCase& c = GetParam();
  for (const bool open : {false, true}) {
    SCOPED_TRACE(open ? "with open dims" : "with fixed dims");
    const std::string bytes = serialize(model_of(c, open));
    const Network network = Network::from_onnx(as_bytes(bytes));
    BuildOptions options;
    options.threads = 1;
    options.measure = false;
    for (std::size_t i = 0; i < c.operands.size(); ++i) {
      const CaseTensor& x = c.operands[i];
      if (x.kind == CaseTensor::Kind::input)
        options.shapes[fmt::format("x{}", i)] = {x.value.shape(), x.value.shape(), x.value.shape()};
    }
    {
      SCOPED_TRACE("optimized");
      run(c, network, options);
    }
    SCOPED_TRACE("as imported");
    options.device = Device::reference;
    options.optimize = false;
    run(c, network, options);
  }
}

std::string case_name(const testing::TestParamInfo<StoredCase>& parameter) { return parameter.param.name; }

INSTANTIATE_TEST_SUITE_P(Stored, Microsoft, testing::ValuesIn(stored_cases()), case_name);

}  // namespace
}  // namespace tenon::test
