#include "importers/onnx/reader.hpp"

#include "importers/wire.hpp"
#include "onnx/model_writer.hpp"
#include "onnx/support.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

namespace tenon::test {
namespace {

std::string reading_error(const std::string& bytes) {
  try {
    onnx::read_model(bytes);
    return {};
  } catch (const ModelError& error) {
    return error.what();
  }
}

ModelText relu_model() { return single_node({.op_type = "Relu", .shapes = {{"N", 3}}}); }

TEST(OnnxReader, ReadsWhatTheWriterWrites) {
  ModelText text = relu_model();
  text.graph.initializers = {float_tensor("w", {2}, {1, 2})};
  text.graph.nodes[0].attributes = {attribute("alpha", 0.5F), attribute("axes", Ints{1, -1}),
                                    attribute("mode", "x"), attribute("names", Names{"a", "b"})};
  text.domains = {{"com.example", 2}};
  const std::string bytes = serialize(text);
  const onnx::ModelDef model = onnx::read_model(bytes);
  EXPECT_EQ(model.ir_version, 8);
  ASSERT_EQ(model.opset_imports.size(), 2U);
  EXPECT_EQ(model.opset_imports[1].domain, "com.example");
  ASSERT_EQ(model.graph.nodes.size(), 1U);
  const onnx::NodeDef& node = model.graph.nodes[0];
  EXPECT_EQ(node.op_type, "Relu");
  EXPECT_EQ(node.name, "n");
  ASSERT_EQ(node.attributes.size(), 4U);
  EXPECT_EQ(node.attributes[0].f, 0.5F);
  EXPECT_EQ(node.attributes[1].ints, (Ints{1, -1}));
  EXPECT_EQ(node.attributes[2].s, "x");
  EXPECT_EQ(node.attributes[3].strings.size(), 2U);
  ASSERT_EQ(model.graph.initializers.size(), 1U);
  EXPECT_EQ(model.graph.initializers[0].raw_data->size(), 8U);
  const auto& shape = *model.graph.inputs[0].type.shape;
  EXPECT_EQ(shape[0].param, "N");
  EXPECT_EQ(shape[1].value, 3);
}

TEST(OnnxReader, TakesTheStandardDomainByItsLongName) {
  ModelText text = relu_model();
  text.graph.nodes[0].domain = "ai.onnx";
  EXPECT_EQ(import_error(text), "");
}

TEST(OnnxReader, RefusesWhatIsNoModel) {
  EXPECT_EQ(reading_error(""), "not an ONNX model: it holds no graph");
  EXPECT_NE(reading_error("\x7f"
                          "ELF and so on")
                .find("malformed protobuf"),
            std::string::npos);
  EXPECT_EQ(reading_error("\x0f"), "malformed protobuf at byte 0: wire type 7 of field 1 is not in use");
  EXPECT_EQ(reading_error(std::string("\x00\x01", 2)),
            "malformed protobuf at byte 0: 0 is not a field number");
  EXPECT_EQ(reading_error("\x3a\x7f"
                          "abc"),
            "malformed protobuf at byte 0: field 7 has 127 bytes but only 3 are left");
  EXPECT_EQ(reading_error("\x08\xff"), "malformed protobuf at byte 0: the data ends inside a number");
  EXPECT_EQ(reading_error("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
            "malformed protobuf at byte 0: a number is longer than ten bytes");
}

TEST(OnnxReader, RefusesAFieldOfAnotherKind) {
  std::string bytes;
  protozero::pbf_writer(bytes).add_int64(7, 5);  // the graph as a number
  EXPECT_EQ(reading_error(bytes),
            "malformed protobuf at byte 2: field 7 should be a string or message but has wire type 0");
}

TEST(OnnxReader, EveryTruncationIsAnError) {
  const std::string bytes = serialize(relu_model());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(import_error(bytes.substr(0, size)), "") << size;
}

TEST(OnnxReader, RefusesDeepNesting) {
  GraphText graph;
  for (int depth = 0; depth < 200; ++depth) {
    GraphText outer;
    outer.nodes = {{"If", {"c"}, {"y"}, {graph_attribute("then_branch", serialize(graph))}}};
    graph = outer;
  }
  ModelText model;
  model.graph = graph;
  EXPECT_NE(reading_error(serialize(model)).find("nested more than 100 deep"), std::string::npos);

  std::string type = tensor_type(kFloat);
  for (int depth = 0; depth < 200; ++depth) type = sequence_type(type);
  model = relu_model();
  model.graph.inputs[0] = value_info("x0", type);
  EXPECT_NE(reading_error(serialize(model)).find("nested more than 100 deep"), std::string::npos);
}

TEST(OnnxReader, RefusesNodesWithoutOperatorAndAttributesWithoutName) {
  ModelText model = relu_model();
  model.graph.nodes[0].op_type.clear();
  EXPECT_NE(reading_error(serialize(model)).find("a node has no operator type"), std::string::npos);
  model = relu_model();
  model.graph.nodes[0].attributes = {attribute("", 1)};
  EXPECT_NE(reading_error(serialize(model)).find("an attribute has no name"), std::string::npos);
}

TEST(WireReader, TakesRepeatedNumbersPackedAndSingle) {
  std::string bytes;
  protozero::pbf_writer out(bytes);
  const Ints some = {1, 300, -1};
  out.add_packed_int64(1, some.begin(), some.end());
  out.add_int64(1, 7);
  Ints values;
  std::size_t count = 0;
  for (WireReader in(bytes); in.next();) {
    count += in.varint_count();
    in.append_to(values);
  }
  EXPECT_EQ(values, (Ints{1, 300, -1, 7}));
  EXPECT_EQ(count, 4U);
}

}  // namespace
}  // namespace tenon::test
