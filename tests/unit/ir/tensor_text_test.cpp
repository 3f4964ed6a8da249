#include "ir/tensor_text.hpp"

#include "base/random.hpp"
#include "ir/type_parser.hpp"
#include "support/paths.hpp"

#include <tenon/error.hpp>
#include <tenon/tensor.hpp>

#include <gtest/gtest.h>

#include <fstream>

namespace tenon {
namespace {

Tensor read_back(const std::string& text, const BlobStore* blobs = nullptr) {
  Lexer lexer(text, "tensor");
  const Type type = parse_type(lexer);
  TensorParser parser(blobs);
  Tensor tensor = parser.parse(lexer, 0, type);
  lexer.expect_end();
  return tensor;
}

Tensor random_tensor(Random& random, DataType dtype, Shape shape) {
  Tensor tensor(dtype, std::move(shape));
  if (dtype == DataType::string) {
    for (std::string& text : tensor.mutable_values<std::string>()) {
      for (std::uint32_t n = random.below(6); n > 0; --n) text += static_cast<char>(random.below(256));
    }
    return tensor;
  }
  for (std::size_t i = 0; i < tensor.size_bytes(); ++i) {
    tensor.mutable_data()[i] =
        static_cast<std::byte>(dtype == DataType::boolean ? random.below(2) : random.below(256));
  }
  return tensor;
}

TEST(TensorText, EveryTypeRoundTripsWithAnyBits) {
  constexpr std::uint64_t kSeed = 5;
  Random random(kSeed);
  for (int i = 0; i < kDataTypeCount; ++i) {
    const auto dtype = static_cast<DataType>(i);
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{3}, Shape{4, 4}, Shape{17}, Shape{3, 31}}) {
      for (int round = 0; round < 50; ++round) {
        const Tensor tensor = random_tensor(random, dtype, shape);
        BlobStore blobs;
        const std::string text = print_tensor(tensor, &blobs);
        SCOPED_TRACE(text);
        ASSERT_TRUE(read_back(text, &blobs).identical(tensor));
      }
    }
  }
}

TEST(TensorText, ReadsAsOneWouldWrite) {
  EXPECT_EQ(print_tensor(Tensor::of<float>({2, 2}, std::vector<float>{1, 2.5F, -0.0F, 4}), nullptr),
            "f32[2,2] [1, 2.5, -0, 4]");
  EXPECT_EQ(print_tensor(Tensor::of<std::int64_t>({}, std::vector<std::int64_t>{-7}), nullptr), "i64[] [-7]");
  EXPECT_EQ(print_tensor(Tensor::strings({2}, {"a\"b", ""}), nullptr), "str[2] [\"a\\\"b\", \"\"]");
  EXPECT_EQ(print_tensor(Tensor(DataType::f16, {64}), nullptr), "f16[64] splat(0)");
  EXPECT_EQ(print_tensor(Tensor(DataType::boolean, {1}), nullptr), "bool[1] [false]");
}

TEST(TensorText, LargeEqualTensorsGoToTheStore) {
  BlobStore blobs;
  const Tensor zeros(DataType::f32, {1 << 20});
  const std::string text = print_tensor(zeros, &blobs);
  EXPECT_NE(text.find('#'), std::string::npos);
  EXPECT_TRUE(read_back(text, &blobs).identical(zeros));
}

TEST(TensorText, RefusesWhatDoesNotFit) {
  const std::string_view texts[] = {
      "f32[2] [1]",
      "f32[2] [1, 2, 3]",
      "f32[N] [1]",
      "f32[*] [1]",
      "i8[1] [128]",
      "u8[1] [-1]",
      "u4[1] [16]",
      "i4[1] [-9]",
      "f4e2m1[1] [5]",
      "i32[1] [1.5]",
      "str[1] [a]",
      "f32[100000000000] splat(0)",
      "f32[0] splat(0)",
      "f32[4294967296,4294967296] splat(0)",
      "f32[-1] []",
      "f32[17] [1, 2]",
      "f32[2]@(1,0) [1, 2]",
      "f32[2] #1234",
      "f32[2] #00000000000000000000000000000000",
  };
  for (const std::string_view text : texts) EXPECT_THROW(read_back(std::string(text)), ModelError) << text;
}

TEST(BlobStore, RoundTripsThroughAFile) {
  Random random(3);
  const test::TempDir dir;
  BlobStore blobs;
  const Tensor a = random_tensor(random, DataType::f32, {100});
  const Tensor b = random_tensor(random, DataType::u8, {77});
  const std::string text_a = print_tensor(a, &blobs);
  const std::string text_b = print_tensor(b, &blobs);
  blobs.write(dir / "x.blob");
  const BlobStore read = BlobStore::read(dir / "x.blob");
  EXPECT_TRUE(read_back(text_a, &read).identical(a));
  EXPECT_TRUE(read_back(text_b, &read).identical(b));
  EXPECT_THROW(read_back("f32[101]" + text_a.substr(8), &read), ModelError);
}

TEST(BlobStore, RefusesDamagedFiles) {
  const test::TempDir dir;
  BlobStore blobs;
  Random random(4);
  print_tensor(random_tensor(random, DataType::f32, {17}), &blobs);
  blobs.write(dir / "x.blob");
  std::ifstream in(dir / "x.blob", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  const auto refuses = [&](const std::string& damaged) {
    std::ofstream(dir / "y.blob", std::ios::binary | std::ios::trunc) << damaged;
    EXPECT_THROW(BlobStore::read(dir / "y.blob"), ModelError);
  };
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, std::size_t{20}, std::size_t{60}, bytes.size() - 1}) {
    refuses(bytes.substr(0, size));
  }
  // Padding between the table and the first blob is not checked; every other byte is.
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i >= 48 && i < 64) continue;
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x40);
    refuses(damaged);
  }
  EXPECT_THROW(BlobStore::read(dir / "missing.blob"), ModelError);
}

}  // namespace
}  // namespace tenon
