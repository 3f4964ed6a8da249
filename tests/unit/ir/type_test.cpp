#include "ir/type.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <string>

namespace tenon {
namespace {

TEST(Type, RoundTripsThroughText) {
  const std::string_view texts[] = {
      "f32[N,3,224,224]",
      "f32[*]",
      "bool[]",
      "str[3]",
      "f32[2*N + 1,floordiv(H + 1, 2),?]",
      "f32[\"batch size\",3]",
      "f32[1,64,56,56]@nchw16c",
      "f32[1,64,56,56]@nhwc",
      "f32[1,64,8,56,56]@ndhwc",
      "f32[1,64,8,56,56]@ncdhw8c",
      "f32[64,3,7,7]@hwcn16n4c",
      "f32[1,64,56]@(0,2,1)",
      "f32[1,64,56]@(|1:16)",
      "f32[1,64,56]@(1,0,2|1:16,0:4)",
      "f32[1,2,3,4]@(0,1,2,3)",
      "f32[*]@(|1:16)",
      "i8[64,3,3,3]{scale=%5, axis=0}",
      "u8[4]{scale=%5, zero_point=%6}",
      "u4[64,256]{scale=%5, zero_point=%6, axis=1, block=32}",
      "seq<f32[*]>",
      "opt<i64[]>",
      "map<i64, f32[]>",
      "seq<map<str, opt<seq<f16[N]>>>>",
  };
  for (const std::string_view text : texts) {
    const Type type = Type::parse(text);
    EXPECT_EQ(type.to_string(), text);
    EXPECT_EQ(Type::parse(type.to_string()), type) << text;
    EXPECT_EQ(Type::parse(type.to_string()).hash(), type.hash()) << text;
  }
}

TEST(Type, EveryDataTypeHasAName) {
  for (int i = 0; i < kDataTypeCount; ++i) {
    const auto dtype = static_cast<DataType>(i);
    EXPECT_EQ(parse_data_type(name(dtype)), dtype);
    const Type type = Type::tensor(dtype, {Dim(2)});
    EXPECT_EQ(Type::parse(type.to_string()), type);
  }
  EXPECT_EQ(parse_data_type("float"), std::nullopt);
}

TEST(Type, RefusesWhatIsNotAType) {
  const std::string_view texts[] = {
      "",
      "f33[2]",
      "f32",
      "f32[",
      "f32[2",
      "f32[2,]",
      "f32[2] x",
      "f32[2,3]@nhwc2",
      "f32[2]@abcd",
      "f32[2]@nncc",
      "f32[2]@(0,0)",
      "f32[2]@(1,2)",
      "f32[2]@(0|0:0)",
      "i8[2]{axis=0}",
      "i8[2]{scale=%1, scale=%2}",
      "i8[2]{scale=%x}",
      "i8[2]{scale=%1, block=4}",
      "i8[2]{scale=%99999999999}",
      "map<f32, f32[]>",
      "seq<f32[]",
      "seq f32[]",
  };
  for (const std::string_view text : texts) EXPECT_THROW(Type::parse(text), ModelError) << text;
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "seq<";
  EXPECT_THROW(Type::parse(deep), ModelError);
}

TEST(Type, DistinguishesWhatDiffers) {
  EXPECT_NE(Type::parse("f32[2]"), Type::parse("f16[2]"));
  EXPECT_NE(Type::parse("f32[2]"), Type::parse("f32[*]"));
  EXPECT_NE(Type::parse("f32[]"), Type::parse("f32[*]"));
  EXPECT_NE(Type::parse("i8[2]{scale=%1}"), Type::parse("i8[2]{scale=%2}"));
  EXPECT_NE(Type::parse("seq<f32[2]>"), Type::parse("opt<f32[2]>"));
  EXPECT_NE(Type::parse("map<i64, f32[]>"), Type::parse("map<str, f32[]>"));
}

TEST(Layout, PhysicalDims) {
  EXPECT_EQ(Layout::channel_blocked(16).physical_dims({1, 20, 7, 7}), (Dims{1, 2, 7, 7, 16}));
  EXPECT_EQ(Layout::channels_last(4).physical_dims({1, 20, 5, 7}), (Dims{1, 5, 7, 20}));
  EXPECT_EQ(Layout::parse("hwcn16n4c").physical_dims({20, 6, 3, 5}), (Dims{3, 5, 2, 2, 16, 4}));
  EXPECT_EQ(Layout{}.physical_dims({Dim::symbol("N"), 3}), (Dims{Dim::symbol("N"), 3}));
  EXPECT_THROW(Layout::channel_blocked(16).physical_dims({4}), ModelError);
  EXPECT_THROW(Layout::channels_last(4).physical_dims({4, 4, 4}), ModelError);
}

TEST(Layout, NamesRoundTrip) {
  EXPECT_EQ(Layout::channels_last(4).to_string(), "nhwc");
  EXPECT_EQ(Layout::parse(Layout::channel_blocked(16).to_string()), Layout::channel_blocked(16));
  EXPECT_EQ(Layout::parse(""), Layout{});
  EXPECT_EQ(Layout::parse("nchw"), Layout{});
}

TEST(Layout, NamesTheTypeOfStoredElements) {
  const Layout blocked = Layout::channel_blocked(16).stored_as(DataType::bf16);
  EXPECT_EQ(blocked.to_string(), "(|1:16):bf16");
  EXPECT_EQ(Layout::parse(blocked.to_string()), blocked);
  EXPECT_EQ(Layout::parse(":f16"), Layout().stored_as(DataType::f16));
  EXPECT_FALSE(Layout().stored_as(DataType::f16).is_plain());
  EXPECT_NE(blocked, Layout::channel_blocked(16));
  EXPECT_EQ(blocked.stored_as({}), Layout::channel_blocked(16));
  for (const char* text : {"nhwc:f32", ":i8", "nhwc:", ":bf16:f16", "bf16"})
    EXPECT_THROW(Layout::parse(text), ModelError) << text;
  for (const char* text : {"f32[1,20,7,7]@nchw16c:bf16", "f32[N,3]@:f16", "f32[*]@(0,2,1):bf16"})
    EXPECT_EQ(Type::parse(text).to_string(), text);
  EXPECT_NE(Type::parse("f32[3]@:f16").hash(), Type::parse("f32[3]").hash());
  EXPECT_THROW(Type::parse("i8[3]@:bf16"), ModelError);
  EXPECT_THROW(Type::parse("bf16[3]@:bf16"), ModelError);
}

TEST(Layout, StoredTypeIsThatOfTheArray) {
  const TensorType type = Type::parse("f32[1,20,7,7]@nchw16c:bf16").as_tensor();
  EXPECT_EQ(Type(stored_type(type)).to_string(), "bf16[1,20,7,7]@nchw16c");
  EXPECT_EQ(storage_bytes(type, {1, 20, 7, 7}), 2 * 7 * 7 * 16 * 2);
  const TensorType plain = Type::parse("i8[3]").as_tensor();
  EXPECT_EQ(stored_type(plain), plain);
}

TEST(Layout, StorageBytesCountPadding) {
  TensorType type{DataType::f32, Dims{1, 20, 7, 7}, Layout::channel_blocked(16), {}};
  EXPECT_EQ(storage_bytes(type, {1, 20, 7, 7}), 4 * 2 * 16 * 49);
  EXPECT_EQ(storage_bytes(TensorType{DataType::u4, Dims{3}, {}, {}}, {3}), 2);
}

TEST(Type, RenamesValuesAtAnyDepth) {
  const Type type = Type::parse("seq<i8[2]{scale=%1, zero_point=%2}>");
  const Type renamed = rename_values(type, [](ValueId id) { return ValueId{id.value + 10}; });
  EXPECT_EQ(renamed.to_string(), "seq<i8[2]{scale=%11, zero_point=%12}>");
}

}  // namespace
}  // namespace tenon
