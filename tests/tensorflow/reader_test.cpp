// Messages and tensors as they stand in files.
#include "importers/tensorflow/reader.hpp"

#include "importers/tensorflow/import.hpp"
#include "importers/tensorflow/tensor_data.hpp"
#include "tensorflow/graph_writer.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <string>

namespace tenon::test {
namespace {

using tensorflow::LoadedTensor;

std::string shape_text(const std::vector<std::int64_t>& dims) {
  std::string message;
  for (const std::int64_t dim : dims)
    message += bytes_field(2, varint_field(1, static_cast<std::uint64_t>(dim)));
  return bytes_field(2, message);
}

LoadedTensor load(const std::string& message) {
  return tensorflow::load_tensor(tensorflow::read_tensor(message), nullptr);
}

TEST(TensorFlowReader, ReadsGraphs) {
  GraphWriter writer;
  writer.placeholder("x", {2}).node("y", "Relu", {"x", "^x"});
  const std::string bytes = writer.graph();
  const tensorflow::GraphDef graph = tensorflow::read_graph(bytes);
  ASSERT_EQ(graph.nodes.size(), 2U);
  EXPECT_EQ(graph.nodes[1].name, "y");
  EXPECT_EQ(graph.nodes[1].op, "Relu");
  EXPECT_EQ(graph.nodes[1].inputs.size(), 2U);
  EXPECT_TRUE(is_tensorflow_model("", bytes));
  EXPECT_FALSE(is_tensorflow_model("", "\x08\x07\x12\x07pytorch"));
  EXPECT_TRUE(is_tensorflow_model("", writer.saved_model({}, {{"y", "y:0"}})));
}

TEST(TensorFlowReader, RefusesWhatIsNoGraph) {
  EXPECT_THROW(tensorflow::read_graph(""), ModelError);
  EXPECT_THROW(tensorflow::read_graph(bytes_field(1, bytes_field(2, "Relu"))), ModelError);
  EXPECT_THROW(tensorflow::read_graph("\x0A\x7F"), ModelError);
  EXPECT_THROW(tensorflow::read_saved_model(varint_field(1, 1)), ModelError);
}

TEST(TensorFlowTensors, RepeatTheLastElement) {
  const std::string type = varint_field(1, kIntType);
  const LoadedTensor loaded = load(type + shape_text({2, 2}) + varint_field(7, 5) + varint_field(7, 6));
  const auto values = loaded.tensor.values<std::int32_t>();
  EXPECT_EQ(std::vector<std::int32_t>(values.begin(), values.end()), (std::vector<std::int32_t>{5, 6, 6, 6}));
  EXPECT_EQ(load(type + shape_text({3})).tensor.values<std::int32_t>()[2], 0);
}

TEST(TensorFlowTensors, DoNotGrowOutOfProportion) {
  const std::string type = varint_field(1, kIntType);
  const LoadedTensor large = load(type + shape_text({1 << 20, 1 << 20}) + varint_field(7, 5));
  EXPECT_TRUE(large.repeated);
  EXPECT_EQ(large.tensor.elements(), 1);
  EXPECT_THROW(load(type + shape_text({1 << 20, 1 << 20}) + varint_field(7, 5) + varint_field(7, 6)),
               ModelError);
  EXPECT_THROW(load(type + shape_text({std::int64_t{1} << 40, std::int64_t{1} << 40})), ModelError);
  EXPECT_THROW(load(type + shape_text({-1})), ModelError);
  EXPECT_THROW(load(type + shape_text({1}) + varint_field(7, 5) + varint_field(7, 6)), ModelError);
  EXPECT_THROW(load(type + shape_text({2}) + bytes_field(4, "abc")), ModelError);
  EXPECT_THROW(load(varint_field(1, 21) + shape_text({})), ModelError);
}

TEST(TensorFlowTensors, ReadEveryTypedField) {
  const auto first = [](const Tensor& tensor) { return tensor.values<bool>()[0]; };
  EXPECT_TRUE(first(load(varint_field(1, kBoolType) + shape_text({}) + varint_field(11, 1)).tensor));
  EXPECT_EQ(load(varint_field(1, 9) + shape_text({}) + varint_field(10, ~std::uint64_t{0}))
                .tensor.values<std::int64_t>()[0],
            -1);
  EXPECT_EQ(load(varint_field(1, 4) + shape_text({}) + varint_field(7, 200)).tensor.values<std::uint8_t>()[0],
            200);
  EXPECT_EQ(load(varint_field(1, 7) + shape_text({}) + bytes_field(8, "abc")).tensor.values<std::string>()[0],
            "abc");
  EXPECT_EQ(
      load(varint_field(1, kFloatType) + shape_text({1}) + bytes_field(5, std::string("\0\0\x80\x3F", 4)))
          .tensor.values<float>()[0],
      1.0F);
  EXPECT_EQ(load(varint_field(1, 19) + shape_text({}) + varint_field(13, 0x3C00)).tensor.dtype(),
            DataType::f16);
}

}  // namespace
}  // namespace tenon::test
