#include "base/half.hpp"

#include <tenon/error.hpp>
#include <tenon/tensor.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace tenon {
namespace {

TEST(Tensor, AllocatesZeroedAlignedMemory) {
  const Tensor tensor(DataType::f32, {3, 5});
  EXPECT_EQ(tensor.elements(), 15);
  EXPECT_EQ(tensor.size_bytes(), 60u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data()) % 64, 0u);
  for (const float value : tensor.values<float>()) EXPECT_EQ(value, 0);
}

TEST(Tensor, PackedTypesTakeWholeBytes) {
  EXPECT_EQ(Tensor(DataType::u4, {3}).size_bytes(), 2u);
  EXPECT_EQ(Tensor(DataType::i2, {5}).size_bytes(), 2u);
  EXPECT_EQ(Tensor(DataType::f4e2m1, {0}).size_bytes(), 0u);
}

TEST(Tensor, TypedAccessChecksTheType) {
  Tensor tensor = Tensor::of<std::int64_t>({2}, std::vector<std::int64_t>{4, 5});
  EXPECT_EQ(tensor.values<std::int64_t>()[1], 5);
  EXPECT_THROW(tensor.values<float>(), ModelError);
  EXPECT_THROW(Tensor::of<float>({2}, std::vector<float>{1}), ModelError);
  Tensor half(DataType::f16, {1});
  half.mutable_values<float16>()[0] = float16(1.5F);
  EXPECT_EQ(static_cast<float>(half.values<float16>()[0]), 1.5F);
}

TEST(Tensor, CopiesShareAndClonesDoNot) {
  Tensor a = Tensor::of<float>({2}, std::vector<float>{1, 2});
  Tensor shared = a;
  Tensor cloned = a.clone();
  a.mutable_values<float>()[0] = 9;
  EXPECT_EQ(shared.values<float>()[0], 9);
  EXPECT_EQ(cloned.values<float>()[0], 1);
  EXPECT_EQ(a.reshaped({2, 1}).shape(), (Shape{2, 1}));
  EXPECT_THROW(a.reshaped({3}), ModelError);
}

TEST(Tensor, ConstViewsAreReadOnly) {
  const float data[] = {1, 2};
  Tensor view = Tensor::view_const(DataType::f32, {2}, data);
  EXPECT_FALSE(view.writable());
  EXPECT_THROW(view.mutable_data(), ModelError);
  EXPECT_TRUE(view.clone().writable());
}

TEST(Tensor, IdenticalComparesBits) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(Tensor::of<float>({1}, std::vector<float>{nan})
                  .identical(Tensor::of<float>({1}, std::vector<float>{nan})));
  EXPECT_FALSE(Tensor::of<float>({1}, std::vector<float>{0.0F})
                   .identical(Tensor::of<float>({1}, std::vector<float>{-0.0F})));
  EXPECT_FALSE(Tensor(DataType::f32, {2}).identical(Tensor(DataType::f32, {2, 1})));
  EXPECT_TRUE(Tensor::strings({1}, {"a"}).identical(Tensor::strings({1}, {"a"})));
  // Bits beyond the last element do not count.
  Tensor a(DataType::u4, {1});
  Tensor b(DataType::u4, {1});
  a.mutable_data()[0] = std::byte{0x13};
  b.mutable_data()[0] = std::byte{0x23};
  EXPECT_TRUE(a.identical(b));
}

TEST(Tensor, RefusesImpossibleShapes) {
  EXPECT_THROW(Tensor(DataType::f32, {-1}), ModelError);
  EXPECT_THROW(Tensor(DataType::f32, {std::int64_t{1} << 40, std::int64_t{1} << 40}), ModelError);
  EXPECT_EQ(Tensor(DataType::f32, {0, std::int64_t{1} << 62, 4}).elements(), 0);
}

}  // namespace
}  // namespace tenon
