// Inference of sequences, optionals, If, Loop and Scan.
#include "inference_fixture.hpp"
#include "ops/concat.hpp"
#include "ops/concat_from_sequence.hpp"
#include "ops/identity.hpp"
#include "ops/if.hpp"
#include "ops/loop.hpp"
#include "ops/optional.hpp"
#include "ops/scan.hpp"
#include "ops/sequence.hpp"
#include "ops/split_to_sequence.hpp"

namespace tenon {
namespace {

class ControlFlow : public InferenceTest {
 protected:
  // A region that returns a value of that type.
  RegionId returning(std::string_view result) {
    const RegionId region = graph_.add_region();
    const ValueId value = graph_.add_parameter(region, "p", Type::parse(result));
    graph_.set_results(region, {value});
    return region;
  }
};

TEST_F(ControlFlow, Sequences) {
  const ValueId pair = add(op::SequenceConstruct{}, {input("f32[N,2]"), input("f32[N,3]")});
  EXPECT_EQ(type(pair), "seq<f32[N,?]>");
  EXPECT_EQ(type(add(op::SequenceAt{}, {pair, scalar(0)})), "f32[N,?]");
  EXPECT_EQ(type(add(op::SequenceInsert{}, {pair, input("f32[4]")})), "seq<f32[*]>");
  EXPECT_EQ(type(add(op::SequenceErase{}, {pair})), "seq<f32[N,?]>");
  EXPECT_EQ(type(add(op::SequenceLength{}, {pair})), "i64[]");
  EXPECT_EQ(type(add(op::SequenceEmpty{.dtype = DataType::i64}, {})), "seq<i64[*]>");
  EXPECT_EQ(type(add(op::ConcatFromSequence{.axis = 1}, {pair})), "f32[N,?]");
  EXPECT_EQ(type(add(op::ConcatFromSequence{.axis = -1, .new_axis = true}, {pair})), "f32[N,?,?]");
  EXPECT_EQ(type(add(op::SplitToSequence{.axis = 1}, {input("f32[N,6]")})), "seq<f32[N,1]>");
  EXPECT_EQ(type(add(op::SplitToSequence{.axis = 1, .keep_dims = false}, {input("f32[N,6]")})),
            "seq<f32[N]>");
  EXPECT_EQ(type(add(op::SplitToSequence{.axis = 1}, {input("f32[N,6]"), scalar(2)})), "seq<f32[N,2]>");
  EXPECT_EQ(type(add(op::SplitToSequence{.axis = 1}, {input("f32[N,6]"), scalar(4)})), "seq<f32[N,?]>");
  EXPECT_NE(error(op::SequenceInsert{}, {pair, input("i32[4]")}), "");
  EXPECT_NE(error(op::SequenceAt{}, {input("f32[2]"), scalar(0)}), "");
}

TEST_F(ControlFlow, Optionals) {
  const ValueId held = add(op::Optional{}, {input("f32[N]")});
  EXPECT_EQ(type(held), "opt<f32[N]>");
  EXPECT_EQ(type(add(op::OptionalGetElement{}, {held})), "f32[N]");
  EXPECT_EQ(type(add(op::OptionalHasElement{}, {held})), "bool[]");
  EXPECT_EQ(type(add(op::Optional{.type = Type::parse("seq<f32[*]>")}, {})), "opt<seq<f32[*]>>");
  EXPECT_EQ(type(add(op::Identity{}, {held})), "opt<f32[N]>");
  EXPECT_NE(error(op::Optional{}, {}), "");
}

TEST_F(ControlFlow, IfJoinsItsBranches) {
  const ValueId condition = input("bool[]");
  const auto joined = [&](std::string_view a, std::string_view b) {
    return type(graph_.add_region_node(op::If{}, {condition}, {returning(a), returning(b)}).front());
  };
  EXPECT_EQ(joined("f32[N,3]", "f32[N,3]"), "f32[N,3]");
  EXPECT_EQ(joined("f32[N,3]", "f32[N,4]"), "f32[N,?]");
  EXPECT_EQ(joined("f32[N,3]", "f32[3]"), "f32[*]");
  EXPECT_EQ(joined("opt<f32[2]>", "f32[2]"), "opt<f32[2]>");
  EXPECT_THROW(joined("f32[N]", "i32[N]"), ModelError);
  EXPECT_THROW(joined("f32[N]", "seq<f32[N]>"), ModelError);
}

TEST_F(ControlFlow, LoopStacksWhatItScans) {
  const ValueId limit = input("i64[]");
  const ValueId start = input("f32[?]");
  const RegionId body = graph_.add_region();
  graph_.add_parameter(body, "i", Type::parse("i64[]"));
  const ValueId condition = graph_.add_parameter(body, "go", Type::parse("bool[]"));
  const ValueId carried = graph_.add_parameter(body, "v", Type::parse("f32[?]"));
  graph_.set_insertion_region(body);
  const ValueId grown = add(op::Concat{}, {carried, carried});
  graph_.set_insertion_region(graph_.body());
  graph_.set_results(body, {condition, grown, carried});
  const auto outputs = graph_.add_region_node(op::Loop{}, {limit, ValueId{}, start}, {body});
  ASSERT_EQ(outputs.size(), 2U);
  EXPECT_EQ(type(outputs[0]), "f32[?]");
  EXPECT_EQ(type(outputs[1]), "f32[?,?]");
}

TEST_F(ControlFlow, ScanKeepsTheNumberOfSteps) {
  const RegionId body = graph_.add_region();
  const ValueId state = graph_.add_parameter(body, "s", Type::parse("f32[H]"));
  const ValueId slice = graph_.add_parameter(body, "x", Type::parse("f32[B,C]"));
  graph_.set_results(body, {state, slice});
  const op::Scan scan{.num_scan_inputs = 1, .scan_input_axes = {1}, .scan_output_axes = {-1}};
  const auto outputs = graph_.add_region_node(scan, {input("f32[H]"), input("f32[B,T,C]")}, {body});
  ASSERT_EQ(outputs.size(), 2U);
  EXPECT_EQ(type(outputs[0]), "f32[H]");
  EXPECT_EQ(type(outputs[1]), "f32[B,C,T]");
}

}  // namespace
}  // namespace tenon
