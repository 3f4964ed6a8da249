// Plugins as operators: names, fields, text, errors.
#include "ir/parser.hpp"
#include "ir/printer.hpp"
#include "ops/registry.hpp"
#include "sample_plugins.hpp"

#include <gtest/gtest.h>

#include <array>

namespace tenon {
namespace {

using test::error_of;
using test::expect_contains;

class Named final : public Plugin {
 public:
  Named(PluginName name, std::vector<PluginField> fields)
      : name_(std::move(name)), fields_(std::move(fields)) {}
  PluginName name() const override { return name_; }
  std::vector<PluginField> fields() const override { return fields_; }
  std::vector<PluginResult> infer(std::span<const PluginOperand>, const Fields&) const override { return {}; }
  std::unique_ptr<PluginKernel> create_kernel(Device, const Fields&) const override { return nullptr; }

 private:
  PluginName name_;
  std::vector<PluginField> fields_;
};

std::string refusal(PluginName name, std::vector<PluginField> fields = {}) {
  return error_of([&] { register_plugin(std::make_shared<Named>(std::move(name), std::move(fields))); });
}

TEST(Plugin, NamesAreChecked) {
  test::register_sample_plugins();
  expect_contains(refusal({"test", "Affine", 1}), "there is a plugin 'test:Affine:1' already");
  expect_contains(refusal({"a:b", "X", 1}), "malformed");
  expect_contains(refusal({"a", "", 1}), "needs a name");
  expect_contains(refusal({"a", "X", 0}), "version from 1 on");
  expect_contains(refusal({"a", "X", 1}, {{"a b", 1}}), "has a field 'a b'");
  expect_contains(refusal({"a", "X", 1}, {{"n", 1}, {"n", 2}}), "two fields 'n'");
  EXPECT_THROW(register_plugin(nullptr), ModelError);
  for (const PluginName& name : registered_plugins()) EXPECT_NE(name.domain, "a");
}

TEST(Plugin, IsAnOperatorOfTheTextualIR) {
  test::register_sample_plugins();
  NetworkBuilder net;
  const NetworkValue x = net.input("x", DataType::f32, {"N", 3});
  const NetworkValue plain = net.add("test:Affine:1", {x}, {}, "plain");
  const NetworkValue given = net.add("test:Affine:1", {plain},
                                     {{"factor", 3},
                                      {"relu", true},
                                      {"name", "a \"quoted\" name"},
                                      {"taps", {1, 2}},
                                      {"weights", {0.5, 1.5}},
                                      {"labels", {"one", "two"}},
                                      {"dtype", DataType::i8},
                                      {"table", Tensor::of<std::int32_t>({2}, std::array{4, 5})}},
                                     "given");
  EXPECT_EQ(given.type(), "f32[N,3]");
  net.output(given, "y");
  const Network network = net.network();
  const std::string text = network.to_text();
  expect_contains(text, "%plain = \"test:Affine:1\"(%x) : f32[N,3]");
  expect_contains(text, "factor=3.0");
  EXPECT_EQ(text.find("offset"), std::string::npos) << text;
  EXPECT_TRUE(Network::from_text(text).graph() == network.graph());
  // What text cannot tell apart fits the field's kind.
  const Op op = parse_op("\"test:Affine:1\" {factor=3, weights=[1,2], labels=[]}", builtin_ops());
  EXPECT_TRUE(op == parse_op("\"test:Affine:1\" {factor=3.0, weights=[1.0,2.0]}", builtin_ops()));
  EXPECT_EQ(op.hash(), parse_op("\"test:Affine:1\" {factor=3.0, weights=[1.0,2.0]}", builtin_ops()).hash());
  EXPECT_FALSE(op == builtin_ops().make("test:Affine:1", {}));
}

TEST(Plugin, FieldsAreTyped) {
  test::register_sample_plugins();
  const auto parse_error = [](const char* text) { return error_of([&] { parse_op(text, builtin_ops()); }); };
  expect_contains(parse_error("\"test:Affine:1\" {factor=\"two\"}"),
                  "field 'factor': expected float, found string");
  expect_contains(parse_error("\"test:Affine:1\" {fctor=1}"), "did you mean 'factor'");
  expect_contains(parse_error("\"test:Affine:9\""),
                  "the plugin 'Affine', version 9, of domain 'test' is not loaded");
  NetworkBuilder net;
  const NetworkValue x = net.input("x", "f32[2]");
  expect_contains(error_of([&] { net.add("test:Affine:2", {x}, {}, "needy"); }),
                  "the field 'factor' is required");
  EXPECT_EQ(net.add("test:Affine:2", {x}, {{"factor", 1}}).type(), "f32[2]");
}

TEST(Plugin, WrongInferenceIsAnErrorThatNamesIt) {
  test::register_sample_plugins();
  NetworkBuilder net;
  const NetworkValue x = net.input("x", "f32[2]");
  const auto error = [&](const char* where) {
    return error_of([&] { net.add("test:Faulty:1", {x}, {{"where", where}}, "bad"); });
  };
  expect_contains(error("infer"), "test:Faulty:1: thrown by inference");
  expect_contains(error("infer"), "adding layer 'bad'");
  expect_contains(error("negative"), "the negative dim -1");
  expect_contains(error("text"), "dimension");
  expect_contains(error("nothing"), "gives no result");
  const NetworkValue numbers = net.input("numbers", "i64[2]");
  expect_contains(error_of([&] { net.add("test:Affine:1", {numbers}); }), "expected one f32 operand");
}

}  // namespace
}  // namespace tenon
