#include "sample_plugins.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

namespace tenon::test {
namespace {

const SymbolicDims& dims_of(std::span<const PluginOperand> in, std::size_t i, std::size_t rank) {
  if (i >= in.size() || !in[i].present || !in[i].dims || in[i].dims->size() != rank)
    throw ModelError("wrong operand");
  return *in[i].dims;
}

// A kernel that is a function.
class FunctionKernel final : public PluginKernel {
 public:
  using Run = std::function<void(PluginCall&)>;
  using Workspace = std::function<std::size_t(const PluginShapes&)>;
  explicit FunctionKernel(Run run, Workspace workspace = {})
      : run_(std::move(run)), workspace_(std::move(workspace)) {}
  std::size_t workspace_bytes(const PluginShapes& shapes) const override {
    return workspace_ ? workspace_(shapes) : 0;
  }
  void run(PluginCall& call) const override { run_(call); }

 private:
  Run run_;
  Workspace workspace_;
};

class Affine final : public Plugin {
 public:
  explicit Affine(std::int64_t version, std::string domain = "test")
      : version_(version), domain_(std::move(domain)) {}
  PluginName name() const override { return {domain_, "Affine", version_}; }
  std::vector<PluginField> fields() const override {
    if (version_ == 2) return {{"factor", 0.0F, true}};
    return {{"factor", 2.0F},
            {"offset", 1.0F},
            {"relu", false},
            {"name", ""},
            {"taps", std::vector<std::int64_t>()},
            {"weights", std::vector<float>()},
            {"labels", std::vector<std::string>()},
            {"dtype", DataType::f32},
            {"table", Tensor(DataType::i32, {2})}};
  }
  std::vector<PluginResult> infer(std::span<const PluginOperand> in, const Fields&) const override {
    if (in.size() != 1 || !in[0].present || in[0].dtype != DataType::f32)
      throw ModelError("expected one f32 operand");
    return {{DataType::f32, in[0].dims}};
  }
  std::unique_ptr<PluginKernel> create_kernel(Device device, const Fields& fields) const override {
    if (device != Device::cpu) return nullptr;
    const auto factor = get<float>(fields, "factor");
    const auto offset = version_ == 1 ? get<float>(fields, "offset") : 0.0F;
    const auto size = [](const PluginShapes& shapes) {
      return static_cast<std::size_t>(element_count(shapes.inputs[0])) * sizeof(float);
    };
    return std::make_unique<FunctionKernel>(
        [=](PluginCall& call) {
          const auto x = call.input(0).values<float>();
          const auto y = call.output(0).values<float>();
          auto* scaled = reinterpret_cast<float*>(call.workspace().data());
          call.parallel_for(x.size(), 4, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) scaled[i] = x[i] * factor;
            for (std::size_t i = begin; i < end; ++i) y[i] = scaled[i] + offset;
          });
        },
        size);
  }

 private:
  std::int64_t version_;
  std::string domain_;
};

class PositiveRows final : public Plugin {
 public:
  PluginName name() const override { return {"test", "PositiveRows", 1}; }
  std::vector<PluginResult> infer(std::span<const PluginOperand> in, const Fields&) const override {
    return {{DataType::f32, SymbolicDims{SymbolicDim::unknown(), dims_of(in, 0, 2)[1]}},
            {DataType::i64, SymbolicDims{}}};
  }
  std::unique_ptr<PluginKernel> create_kernel(Device, const Fields&) const override {
    return std::make_unique<FunctionKernel>([](PluginCall& call) {
      const auto x = call.input(0).values<float>();
      const auto rows = static_cast<std::size_t>(call.input(0).shape[0]);
      const auto columns = static_cast<std::size_t>(call.input(0).shape[1]);
      std::vector<float> kept;
      for (std::size_t r = 0; r < rows; ++r) {
        if (x[r * columns] > 0) kept.insert(kept.end(), &x[r * columns], &x[r * columns] + columns);
      }
      const auto count = static_cast<std::int64_t>(kept.size() / columns);
      const auto out = call.allocate(0, {count, static_cast<std::int64_t>(columns)}).values<float>();
      std::copy(kept.begin(), kept.end(), out.begin());
      if (call.output_count() > 1) call.output(1).values<std::int64_t>()[0] = count;
    });
  }
};

class Repeat final : public Plugin {
 public:
  PluginName name() const override { return {"test", "Repeat", 1}; }
  std::vector<PluginResult> infer(std::span<const PluginOperand> in, const Fields&) const override {
    dims_of(in, 1, 1);
    const SymbolicDim times = in[1].values ? in[1].values->front() : SymbolicDim::unknown();
    return {{DataType::f32, SymbolicDims{times, dims_of(in, 0, 1)[0]}}};
  }
  std::unique_ptr<PluginKernel> create_kernel(Device, const Fields&) const override {
    return std::make_unique<FunctionKernel>([](PluginCall& call) {
      const auto x = call.input(0).values<float>();
      const auto y = call.output(0).values<float>();
      for (std::size_t i = 0; i < y.size(); ++i) y[i] = x[i % x.size()];
    });
  }
};

class Faulty final : public Plugin {
 public:
  PluginName name() const override { return {"test", "Faulty", 1}; }
  std::vector<PluginField> fields() const override { return {{"where", "kernel"}}; }
  std::vector<PluginResult> infer(std::span<const PluginOperand> in, const Fields& fields) const override {
    const auto& where = get<std::string>(fields, "where");
    if (where == "infer") throw std::runtime_error("thrown by inference");
    if (where == "negative") return {{DataType::f32, SymbolicDims{-1}}};
    if (where == "text") return {{DataType::f32, SymbolicDims{"N +"}}};
    if (where == "nothing") return {};
    if (where == "silent") return {{DataType::f32, SymbolicDims{SymbolicDim::unknown()}}};
    return {{DataType::f32, in[0].dims}};
  }
  std::unique_ptr<PluginKernel> create_kernel(Device, const Fields& fields) const override {
    const auto& where = get<std::string>(fields, "where");
    if (where == "create") return nullptr;
    return std::make_unique<FunctionKernel>([where](PluginCall& call) {
      if (where == "kernel") throw ModelError("thrown by the kernel");
      if (where == "unknown") throw 7;  // NOLINT(hicpp-exception-baseclass)
      if (where == "body")
        call.parallel_for(100, 1,
                          [](std::size_t, std::size_t) { throw std::runtime_error("thrown by a task"); });
      if (where == "dtype") call.input(0).values<std::int32_t>();
      if (where == "allocate") call.allocate(0, {1});
    });
  }
};

}  // namespace

void register_sample_plugins() {
  static const bool done = [] {
    register_plugin(std::make_shared<Affine>(1));
    register_plugin(std::make_shared<Affine>(2));
    register_plugin(std::make_shared<Affine>(1, "caffe"));
    register_plugin(std::make_shared<Affine>(1, "tensorflow"));
    register_plugin(std::make_shared<PositiveRows>());
    register_plugin(std::make_shared<Repeat>());
    register_plugin(std::make_shared<Faulty>());
    return true;
  }();
  static_cast<void>(done);
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ModelError& error) {
    return error.what();
  }
  return "no error";
}

void expect_contains(const std::string& text, std::string_view part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::of<float>(std::move(shape), values);
}

std::vector<float> to_vector(const Tensor& tensor) {
  const auto values = tensor.values<float>();
  return {values.begin(), values.end()};
}

}  // namespace tenon::test
