#include "base/half.hpp"
#include "support/paths.hpp"

#include <tenon/error.hpp>
#include <tenon/io.hpp>

#include <gtest/gtest.h>

namespace tenon {
namespace {

TEST(Io, RandomTensorsRepeatAndStayInRange) {
  const Tensor a = random_tensor(DataType::f32, {4, 100}, 3);
  EXPECT_TRUE(a.identical(random_tensor(DataType::f32, {4, 100}, 3)));
  EXPECT_FALSE(a.identical(random_tensor(DataType::f32, {4, 100}, 4)));
  double sum = 0;
  for (const float value : a.values<float>()) {
    EXPECT_GE(value, -1.0F);
    EXPECT_LT(value, 1.0F);
    sum += static_cast<double>(value);
  }
  EXPECT_LT(std::abs(sum), 60);  // five standard deviations of 400 uniform numbers
  const Tensor integers = random_tensor(DataType::i64, {50}, 1);
  for (const std::int64_t value : integers.values<std::int64_t>()) {
    EXPECT_TRUE(value == 0 || value == 1);
  }
  EXPECT_EQ(random_tensor(DataType::f16, {7}, 1).size_bytes(), 14U);
  EXPECT_THROW(random_tensor(DataType::f4e2m1, {2}, 1), ModelError);
}

TEST(Io, NpyKeepsTensors) {
  const test::TempDir dir;
  const Tensor tensor = random_tensor(DataType::f32, {2, 3, 4}, 9);
  save_npy(tensor, dir / "a.npy");
  EXPECT_TRUE(load_npy(dir / "a.npy").identical(tensor));
  EXPECT_THROW(load_npy(dir / "b.npy"), ModelError);
}

}  // namespace
}  // namespace tenon
