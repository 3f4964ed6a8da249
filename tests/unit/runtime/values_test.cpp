// Inputs and outputs that are no tensors of numbers: sequences, optionals, maps, strings.
#include "support/errors.hpp"

#include <tenon/builder.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tenon {
namespace {

using test::error_of;

Engine engine_of(std::string_view text) {
  BuildOptions options;
  options.measure = false;
  // Through a file's bytes, as every user gets it.
  return Engine::deserialize(build(Network::from_text(text), options).serialize());
}

Tensor row(std::vector<float> values) {
  return Tensor::of<float>({static_cast<std::int64_t>(values.size())}, values);
}

Data list(const std::vector<Tensor>& tensors) {
  SequenceData sequence;
  for (const Tensor& tensor : tensors) sequence.elements.emplace_back(tensor);
  return sequence;
}

constexpr std::string_view kSecond = R"(graph @net(%s: seq<f32[*]>, %x: f32[2]) {
  %one = constant {value=i64[] [1]} : i64[]
  %element = sequence_at(%s, %one) : f32[*]
  %all = sequence_insert(%s, %x) : seq<f32[*]>
  return %element as "element", %all as "all"
})";

TEST(ValuesOfEngines, SequencesGoInAndComeOut) {
  const Engine engine = engine_of(kSecond);
  EXPECT_FALSE(engine.inputs()[0].is_tensor);
  EXPECT_EQ(engine.inputs()[0].type, "seq<f32[*]>");
  EXPECT_TRUE(engine.inputs()[1].is_tensor);
  EXPECT_EQ(engine.inputs()[1].type, "f32[2]");
  Context context = engine.create_context();
  context.set_value("x", row({7, 8}));
  context.set_value("s", list({row({1}), row({2, 3, 4})}));
  context.run();
  EXPECT_TRUE(context.output("element").identical(row({2, 3, 4})));
  EXPECT_TRUE(context.value("element").tensor().identical(row({2, 3, 4})));
  const Data all = context.value("all");
  ASSERT_EQ(all.sequence().elements.size(), 3u);
  EXPECT_TRUE(all.sequence().elements[2].tensor().identical(row({7, 8})));
  EXPECT_EQ(error_of([&] { context.output("all"); }), "output 'all' is a seq<f32[*]>, not a tensor");

  // Another value between two runs; the first answer stays what it was.
  context.set_value("s", list({row({5, 6}), row({9})}));
  context.run();
  EXPECT_TRUE(context.output("element").identical(row({9})));
  EXPECT_TRUE(all.sequence().elements[0].tensor().identical(row({1})));
}

TEST(ValuesOfEngines, RefuseWhatDoesNotFit) {
  const Engine engine = engine_of(kSecond);
  Context context = engine.create_context();
  context.set_value("x", row({7, 8}));
  EXPECT_EQ(error_of([&] { context.run(); }), "input 's' has not been set");
  EXPECT_EQ(error_of([&] { context.set_input("s", row({1})); }),
            "input 's': expected seq<f32[*]>, found f32[1]");
  const Data integers = list({Tensor(DataType::i64, {2})});
  EXPECT_EQ(error_of([&] { context.set_value("s", integers); }),
            "input 's': expected seq<f32[*]>, found seq<i64[2]>");
  EXPECT_EQ(error_of([&] { context.set_value("s", Data()); }),
            "input 's': expected seq<f32[*]>, found nothing");
  EXPECT_EQ(error_of([&] { context.set_shape("s", {2}); }), "input 's' is a seq<f32[*]>, which has no shape");
}

TEST(ValuesOfEngines, OptionalsMayBeEmpty) {
  const Engine engine = engine_of(R"(graph @net(%o: opt<f32[2]>) {
    %there = optional_has_element(%o) : bool[]
    return %there as "there"
  })");
  Context context = engine.create_context();
  EXPECT_EQ(error_of([&] { context.run(); }), "input 'o' has not been set");
  for (const bool there : {true, false}) {
    context.set_value("o", there ? Data(row({1, 2})) : Data());
    context.run();
    EXPECT_EQ(context.output("there").values<bool>()[0], there);
  }
}

TEST(ValuesOfEngines, StringsOfAnyShape) {
  const Engine engine = engine_of(R"(graph @net(%a: str[2], %b: str[2]) {
    %same = equal(%a, %b) : bool[2]
    return %same as "same", %a as "a"
  })");
  Context context = engine.create_context();
  context.set_input("a", Tensor::strings({2}, {"x", ""}));
  context.set_input("b", Tensor::strings({2}, {"x", "y"}));
  context.run();
  EXPECT_TRUE(context.output("same").values<bool>()[0]);
  EXPECT_FALSE(context.output("same").values<bool>()[1]);
  EXPECT_EQ(context.output("a").values<std::string>()[0], "x");
  EXPECT_EQ(error_of([&] {
              context.set_input("a", Tensor::strings({3}, {"x", "", "z"}));
              context.run();
            }),
            "input 'a': dim 0 is 3, expected 2");
}

TEST(ValuesOfEngines, MapsPassThrough) {
  const Engine engine = engine_of(R"(graph @net(%m: map<str, f32[]>) {
    %same = identity(%m) : map<str, f32[]>
    return %same as "same"
  })");
  Context context = engine.create_context();
  context.set_value("m", make_map(Tensor::strings({2}, {"a", "b"}), row({1, 2})));
  context.run();
  const Data same = context.value("same");
  EXPECT_EQ(same.map().keys.values<std::string>()[1], "b");
  EXPECT_TRUE(same.map().values->tensor().identical(row({1, 2})));
  const Tensor numbers(DataType::i64, {2});
  EXPECT_EQ(error_of([&] {
              context.set_value("m", make_map(numbers, row({1, 2})));
            }),
            "input 'm': expected map<str, f32[]>, found map<i64, f32[]>");
  EXPECT_EQ(error_of([&] { make_map(numbers, row({1})); }), "a map of 2 keys and 1 values");
}

}  // namespace
}  // namespace tenon
