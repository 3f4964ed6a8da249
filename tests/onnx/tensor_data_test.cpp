#include "importers/onnx/tensor_data.hpp"

#include "importers/onnx/reader.hpp"
#include "onnx/model_writer.hpp"
#include "support/paths.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace tenon::test {
namespace {

std::filesystem::path no_directory() { return {}; }

Tensor load(const std::string& bytes, const std::filesystem::path& directory = no_directory()) {
  const auto owner = std::make_shared<const std::string>(bytes);
  return onnx::TensorLoader(owner, directory).load(onnx::read_tensor(*owner));
}

std::string error_of(const std::string& bytes, const std::filesystem::path& directory = no_directory()) {
  try {
    load(bytes, directory);
    return {};
  } catch (const ModelError& error) {
    return error.what();
  }
}

template <class T>
std::vector<T> values(const Tensor& tensor) {
  const auto span = tensor.values<T>();
  return {span.begin(), span.end()};
}

TEST(OnnxTensorData, ViewsRawDataInPlaceWhereItIsAligned) {
  const std::string bytes = float_tensor("w", {3}, {1, 2, 3});
  const std::size_t begin = bytes.size() - 12;  // the raw data comes last
  for (const std::size_t shift : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
    auto buffer = std::make_shared<std::string>(64 + shift, '\0');
    char* at = buffer->data() + shift;
    std::copy(bytes.begin(), bytes.end(), at);
    const std::string_view view(at, bytes.size());
    const Tensor tensor = onnx::TensorLoader(buffer, {}).load(onnx::read_tensor(view));
    EXPECT_EQ(values<float>(tensor), (Floats{1, 2, 3}));
    const bool aligned = reinterpret_cast<std::uintptr_t>(at + begin) % alignof(float) == 0;
    EXPECT_EQ(tensor.data() == reinterpret_cast<const std::byte*>(at + begin), aligned);
    EXPECT_EQ(tensor.writable(), !aligned);
  }
}

TEST(OnnxTensorData, ReadsTypedFieldsPackedAndSingle) {
  for (const bool packed : {true, false}) {
    EXPECT_EQ(values<std::int64_t>(load(typed_tensor("t", kInt64, {3}, 7, {1, -2, 3}, packed))),
              (Ints{1, -2, 3}));
    EXPECT_EQ(values<std::int32_t>(load(typed_tensor("t", kInt32, {2}, 5, {-5, 6}, packed))),
              (std::vector<std::int32_t>{-5, 6}));
    EXPECT_EQ(values<std::uint8_t>(load(typed_tensor("t", kUint8, {2}, 5, {255, 6}, packed))),
              (std::vector<std::uint8_t>{255, 6}));
    EXPECT_EQ(values<bool>(load(typed_tensor("t", kBool, {3}, 5, {0, 1, 5}, packed))),
              (std::vector<bool>{false, true, true}));
  }
  const Tensor packed4 = load(typed_tensor("t", kInt4, {3}, 5, {0x21, 0x0F}));
  EXPECT_EQ(packed4.dtype(), DataType::i4);
  EXPECT_EQ(std::to_integer<int>(packed4.data()[0]), 0x21);
}

TEST(OnnxTensorData, BooleansAreZeroOrOne) {
  const Tensor flags = load(tensor("b", kBool, {3}, std::string("\x00\x01\x07", 3)));
  EXPECT_EQ(std::to_integer<int>(flags.data()[2]), 1);
}

TEST(OnnxTensorData, RefusesDataThatDoesNotFitTheShape) {
  EXPECT_EQ(error_of(float_tensor("w", {4}, {1, 2, 3})), "a tensor of type f32[4] comes with 12 bytes");
  EXPECT_EQ(error_of(float_tensor("w", {2}, {1, 2, 3})), "a tensor of type f32[2] comes with 12 bytes");
  EXPECT_EQ(error_of(typed_tensor("t", kInt64, {4}, 7, {1, 2})),
            "a tensor of type i64[4] comes with 2 stored numbers");
  EXPECT_NE(error_of(tensor("w", kFloat, {-1}, "")), "");
  EXPECT_NE(error_of(tensor("w", kFloat, {1LL << 62, 1LL << 62}, "abcd")), "");
  EXPECT_EQ(error_of(tensor("w", kFloat, {1LL << 61}, "abcd")),
            "a tensor of type f32[2305843009213693952] comes with 4 bytes");
  EXPECT_NE(error_of(tensor("w", kString, {1}, "abcd")), "");
}

TEST(OnnxTensorData, RefusesTypesWithoutCounterpart) {
  EXPECT_EQ(error_of(tensor("w", 0, {1}, "abcd")), "the element type is undefined");
  EXPECT_EQ(error_of(tensor("w", 27, {1}, "abcd")), "element type 27 is not supported");
  EXPECT_EQ(error_of(tensor("w", -3, {1}, "abcd")), "element type -3 is not supported");
}

TEST(OnnxTensorData, MapsExternalData) {
  const TempDir directory;
  const std::vector<float> stored = {1, 2, 3, 4};
  std::ofstream(directory / "weights.bin", std::ios::binary)
      .write(reinterpret_cast<const char*>(stored.data()), 16);
  EXPECT_EQ(values<float>(load(external_tensor("w", kFloat, {4}, "weights.bin"), directory.path())), stored);
  EXPECT_EQ(values<float>(load(external_tensor("w", kFloat, {2}, "weights.bin", "8", "8"), directory.path())),
            (Floats{3, 4}));
  EXPECT_EQ(values<float>(load(external_tensor("w", kFloat, {2}, "weights.bin", "4"), directory.path())),
            (Floats{2, 3}));
  EXPECT_FALSE(load(external_tensor("w", kFloat, {2}, "weights.bin", "4"), directory.path()).writable());
  EXPECT_NE(error_of(external_tensor("w", kFloat, {2}, "weights.bin", "12", "8"), directory.path()), "");
  EXPECT_NE(error_of(external_tensor("w", kFloat, {2}, "weights.bin", "18446744073709551615", "8"),
                     directory.path()),
            "");
  EXPECT_NE(error_of(external_tensor("w", kFloat, {2}, "weights.bin", "x"), directory.path()), "");
  EXPECT_NE(error_of(external_tensor("w", kFloat, {2}, "missing.bin"), directory.path()), "");
}

TEST(OnnxTensorData, ExternalDataStaysInsideTheModelsDirectory) {
  const TempDir directory;
  std::filesystem::create_directory(directory / "model");
  std::ofstream(directory / "secret.bin", std::ios::binary).write("abcd", 4);
  std::filesystem::create_symlink(directory / "secret.bin", directory / "model" / "link.bin");
  const auto model = directory / "model";
  for (const std::string& location : {std::string("../secret.bin"), (directory / "secret.bin").string(),
                                      std::string("link.bin"), std::string("sub/../../secret.bin")}) {
    EXPECT_NE(error_of(external_tensor("w", kFloat, {1}, location), model).find("outside the directory"),
              std::string::npos)
        << location;
  }
  EXPECT_NE(error_of(external_tensor("w", kFloat, {1}, "secret.bin")), "");
}

TEST(OnnxTensorData, MakesSparseTensorsDense) {
  const std::string bytes =
      sparse_tensor(float_tensor("v", {2}, {5, 7}), int64_tensor("i", {2}, {1, 5}), {2, 3});
  ModelText model;
  model.graph.sparse_initializers = {bytes};
  model.graph.name = "g";
  const std::string file = serialize(model);
  const onnx::ModelDef def = onnx::read_model(file);
  onnx::TensorLoader loader(nullptr, {});
  EXPECT_EQ(values<float>(loader.load(def.graph.sparse_initializers[0])), (Floats{0, 5, 0, 0, 0, 7}));

  onnx::SparseTensorDef huge = def.graph.sparse_initializers[0];
  huge.dims = {1LL << 40};
  EXPECT_THROW(loader.load(huge), ModelError);
  huge.dims = {3};
  EXPECT_THROW(loader.load(huge), ModelError);
}

}  // namespace
}  // namespace tenon::test
