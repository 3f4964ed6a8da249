#include "ir/constant.hpp"
#include "ir/parser.hpp"
#include "ir/printer.hpp"
#include "support/paths.hpp"
#include "unit/ir/test_ops.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>

namespace tenon::test {
namespace {

void expect_round_trip(const Graph& graph) {
  BlobStore blobs;
  const std::string text = print(graph, &blobs);
  SCOPED_TRACE(text);
  const Graph again = parse(text, test_ops(), &blobs);
  EXPECT_NO_THROW(again.verify());
  EXPECT_TRUE(again == graph);
  EXPECT_EQ(print(again), text);
}

TEST(Text, PrintsWhatItReads) {
  const std::string_view text =
      R"(graph @main(%x: f32[N,3], %"a b": i8[2]) symbols(M in [0,inf], N in [1,8]) {
  %w = constant {value=f32[2,2] [1, 2, 3, 4]} : f32[2,2]
  %0 = same(%x) : f32[N,3] loc("Conv_0")
  %y, %"12" = fork(%0) : f32[N,3], f32[N,3]
  %y~1 = sum(%y, %"12", _) : f32[N,3]
  %q = quantize(%y, %w) : i8[N,3]{scale=%w}
  %z = call(%w) : f32[2,2], i8[N,3]{scale=%w} loc("say \"hi\"")
    region(%p: f32[2,2]) {
      %1 = same(%p) : f32[2,2]
      return %1, %q
    }
  return %y~1 as "prob", %x as "same as input"
  tap "t" = %q
}
)";
  std::string with_two = std::string(text);
  with_two.replace(with_two.find("%z = call"), 2, "%z, %r");
  const Graph graph = graph_of(with_two);
  graph.verify();
  EXPECT_EQ(print(graph), with_two);
  expect_round_trip(graph);
}

TEST(Text, EveryKindOfFieldRoundTrips) {
  Kitchen op;
  Graph plain;
  plain.add(op, {});
  EXPECT_NE(print(plain).find("= kitchen : f32[]"), std::string::npos);
  expect_round_trip(plain);

  op.flag = true;
  op.big = std::numeric_limits<std::int64_t>::min();
  op.small = std::numeric_limits<int>::max();
  op.real = 1;
  op.text = "quote \" backslash \\ newline \n zero \0 end";
  op.color = Color::blue;
  op.ints = {};
  op.reals = {1, 2, -0.0F, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()};
  op.texts = {"", "x y", "%1"};
  op.dtype = DataType::bf16;
  op.type = Type::parse("seq<f32[N,?]@nhwc>");
  op.tensor = Tensor::of<float>({3}, std::vector<float>{1, 2, 3});
  op.program = PointwiseProgram::parse("(1) %1 = clip[0,6] %0");
  op.maybe = 3;
  op.maybe_ints = std::vector<std::int64_t>{};
  Graph full;
  full.add(op, {});
  expect_round_trip(full);
  EXPECT_EQ(parse_op(print(Op(op)), test_ops()), Op(op));

  op.reals = {};
  op.texts = {};
  op.real = std::numeric_limits<float>::quiet_NaN();
  Graph empty_lists;
  empty_lists.add(op, {});
  expect_round_trip(empty_lists);
}

TEST(Text, ValuesOfInputsRoundTrip) {
  Graph graph("net");
  const ValueId size = graph.add_input("size", Type::tensor(DataType::i64, {3}));
  const ValueId count = graph.add_input("count", Type::tensor(DataType::i32, {}));
  graph.set_input_values(size, {Dim::symbol("a.0"), -1, Dim::symbol("H") * 2 + 1});
  graph.set_input_values(count, {Dim::symbol("N")});
  EXPECT_NE(print(graph).find("(%size: i64[3] is [a.0, -1, 2*H + 1], %count: i32[] is [N])"),
            std::string::npos)
      << print(graph);
  expect_round_trip(graph);
  for (const char* inputs : {"%x: i64[2] is [N]", "%x: f32[1] is [N]", "%x: i64[1,1] is [N]",
                             "%x: i64[1] is N", "%x: i64[*] is [N]", "%x: i64[1] is [N,"}) {
    const std::string text = fmt::format("graph @g({}) {{\n  return\n}}", inputs);
    EXPECT_THROW(parse(text, test_ops()), ModelError) << text;
  }
}

TEST(Text, LargeConstantsGoToTheBlob) {
  std::vector<float> values(1000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  Graph graph("with weights");
  graph.add_output("w", graph.add_constant(Tensor::of<float>({10, 100}, values)));
  expect_round_trip(graph);
  EXPECT_THROW(parse(print(graph), test_ops()), ModelError);

  const TempDir dir;
  write_text(graph, dir / "g.ir", "// a comment\n");
  EXPECT_TRUE(read_text(dir / "g.ir", test_ops()) == graph);
  std::ifstream in(dir / "g.ir");
  std::string first;
  std::getline(in, first);
  EXPECT_EQ(first, "// a comment");
  EXPECT_THROW(read_text(dir / "missing.ir", test_ops()), ModelError);
}

std::string error_of(std::string_view text) {
  try {
    graph_of(text);
  } catch (const ModelError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Text, ErrorsPointAtTheirPlace) {
  EXPECT_EQ(error_of("graph @g(%x: f32[2]) {\n  %y = same(%z) : f32[2]\n  return\n}\n"),
            "text, line 2, column 13: %z is not defined here\n"
            "    %y = same(%z) : f32[2]\n"
            "              ^");
  EXPECT_EQ(error_of("graph @g(%x: f32[2]) {\n  %y = same(%x) : f32[3]\n  return\n}\n"),
            "text, line 2, column 19: inference gives f32[2] here\n"
            "    %y = same(%x) : f32[3]\n"
            "                    ^");
}

TEST(Text, RefusesBadGraphs) {
  const auto refuses = [](std::string_view statements, std::string_view message) {
    const std::string text = "graph @g(%x: f32[2]) {\n" + std::string(statements) + "\n}\n";
    EXPECT_NE(error_of(text).find(message), std::string::npos) << text << error_of(text);
  };
  refuses("%y = sane(%x) : f32[2] return", "there is no operator 'sane' (did you mean 'same'?)");
  refuses("%y = kitchen {colour=\"red\"} : f32[] return",
          "kitchen has no field 'colour' (did you mean 'color'?)");
  refuses("%y = kitchen {color=\"pink\"} : f32[] return",
          "field 'color': expected one of red, green, blue, found 'pink'");
  refuses("%y = kitchen {big=1.5} : f32[] return", "field 'big': expected int, found float");
  refuses("%y = kitchen {small=3000000000} : f32[] return", "does not fit in 32 bits");
  refuses("%y = kitchen {big=1, big=1} : f32[] return", "given twice");
  refuses("%y = kitchen {program=program \"(1) %1 = relu %7\"} : f32[] return", "not defined");
  refuses("%x = same(%x) : f32[2] return", "%x is defined twice");
  refuses("%y = same(%x) return", "1 results need as many types, found 0");
  refuses("%y = same(%x, %x) : f32[2] return", "same: expected 1 operands, found 2");
  refuses("%y = same(_) : f32[2] return", "same: operand 0 is missing");
  refuses("%y, %z = same(%x) : f32[2], f32[2] return", "the node has 2 outputs, but the operator gives 1");
  refuses("%y = call : f32[2] return", "call: the node has no regions");
  refuses("%y = same(%x) : f32[2] region { return } return", "same: the operator takes no regions");
  refuses("%y = call : f32[2] region { %z = same(%x) : f32[2] return %z } return %z as \"z\"",
          "%z is not defined here");
  refuses("return %x as \"a\", %x as \"a\"", "two outputs named 'a'");
  refuses("return\ntap \"a\" = %x tap \"a\" = %x", "two taps named 'a'");
  refuses("%y = quantize(%x, %x) : i8[2]{scale=%y} return", "%y is not defined here");
  refuses("%y = same(%x) : f32[2]", "expected");
  EXPECT_NE(error_of("graph @g(%x: f32[2], %x: f32[2]) { return }").find("two inputs named 'x'"),
            std::string::npos);
  EXPECT_NE(error_of("graph @g(%1: f32[2]) { return }").find("needs quotes"), std::string::npos);
  EXPECT_NE(error_of("graph @g() symbols(N in [3,2]) { return }").find("is empty"), std::string::npos);
  EXPECT_NE(error_of("graph @g() { return } x").find("expected the end"), std::string::npos);
  EXPECT_NE(error_of("").find("expected 'graph', found the end"), std::string::npos);
}

TEST(Text, DeepNestingIsAnError) {
  std::string text = "graph @g(%x: f32[2]) {\n";
  constexpr int kDepth = 300;
  for (int i = 0; i < kDepth; ++i) text += "call region {\n";
  EXPECT_NE(error_of(text).find("nested too deeply"), std::string::npos);

  const auto nested = [](int depth) {
    std::string nest = "graph @g() {\n";
    for (int i = 0; i < depth; ++i) nest += "call region {\n";
    for (int i = 0; i < depth; ++i) nest += "return }\n";
    return nest + "return }";
  };
  EXPECT_EQ(error_of(nested(64)), "no error");
  EXPECT_NE(error_of(nested(70)).find("levels of nested control flow"), std::string::npos);
}

TEST(Text, EveryPrefixAndEveryChangedByteIsReadOrRefused) {
  const std::string text =
      "graph @g(%x: f32[N,3]) symbols(N in [1,8]) {\n"
      "  %y, %z~1 = fork(%x) {} : f32[N,3], f32[N,3] loc(\"a\")\n"
      "  %k = kitchen {real=1.5, ints=[1,2], type=seq<f32[?]>, tensor=f32[2] splat(1), program=program "
      "\"(1)\"} : f32[]\n"
      "  %c = call(%y) : f32[N,3] region(%p: f32[N,3]) { return %p }\n"
      "  return %y as \"y\"\n}\n";
  int read = 0;
  const auto attempt = [&](const std::string& damaged) {
    try {
      graph_of(damaged).verify();
      ++read;
    } catch (const ModelError&) {
    }
  };
  attempt(text);
  ASSERT_EQ(read, 1);
  for (std::size_t i = 0; i <= text.size(); ++i) attempt(text.substr(0, i));
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char c : {'\0', '"', '%', '{', '9', '-', '\xff'}) {
      std::string damaged = text;
      damaged[i] = c;
      attempt(damaged);
    }
  }
  EXPECT_GT(read, 50);
}

}  // namespace
}  // namespace tenon::test
