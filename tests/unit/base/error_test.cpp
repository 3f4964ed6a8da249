#include "base/check.hpp"
#include "base/context.hpp"
#include "base/ids.hpp"

#include <tenon/error.hpp>
#include <tenon/status.hpp>

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <unordered_set>

namespace tenon {
namespace {

TEST(Error, RendersContextInnermostFirst) {
  ModelError error("stride is 0");
  error.add_context("importing 'Conv_3'");
  error.add_context("reading 'net.onnx'");
  EXPECT_STREQ(error.what(), "stride is 0\n  while importing 'Conv_3'\n  while reading 'net.onnx'");
  EXPECT_EQ(error.message(), "stride is 0");
  EXPECT_EQ(error.kind(), ErrorKind::model);
}

TEST(Error, CopiesAreIndependentAndNothrow) {
  static_assert(std::is_nothrow_copy_constructible_v<ModelError>);
  const DeviceError first("lost");
  DeviceError second = first;
  second.add_context("copying");
  EXPECT_STREQ(first.what(), "lost");
  EXPECT_STREQ(second.what(), "lost\n  while copying");
}

TEST(Context, IsAddedOnlyWhenAnErrorPasses) {
  int described = 0;
  const auto describe = [&] {
    ++described;
    return std::string("counting");
  };
  EXPECT_EQ(in_context([] { return 7; }, describe), 7);
  EXPECT_EQ(described, 0);
  try {
    in_context([] { in_context([] { throw ModelError("no"); }, [] { return "doing the inner"; }); },
               describe);
    FAIL() << "the error was swallowed";
  } catch (const ModelError& error) {
    EXPECT_STREQ(error.what(), "no\n  while doing the inner\n  while counting");
  }
  EXPECT_EQ(described, 1);
}

TEST(Context, PassesReferencesThrough) {
  int value = 1;
  int& same = in_context([&]() -> int& { return value; }, [] { return ""; });
  EXPECT_EQ(&same, &value);
}

TEST(Check, NamesFileLineAndCondition) {
  const int line = __LINE__ + 2;
  try {
    TENON_CHECK(1 + 1 == 3, "sum of {} and {}", 1, 1);
    FAIL();
  } catch (const InternalError& error) {
    const std::string text = error.what();
    EXPECT_EQ(text.find("sum of 1 and 1 ["), 0u) << text;
    EXPECT_NE(text.find("error_test.cpp:" + std::to_string(line) + ": 1 + 1 == 3"), std::string::npos)
        << text;
  }
}

TEST(Check, RequireSaysOnlyTheMessage) {
  EXPECT_NO_THROW(TENON_REQUIRE(true, "never"));
  try {
    TENON_REQUIRE(false, "expected {}", "rank 4");
    FAIL();
  } catch (const ModelError& error) {
    EXPECT_STREQ(error.what(), "expected rank 4");
  }
}

TEST(Status, HoldsItsMessageInline) {
  static_assert(std::is_trivially_copyable_v<Status>);
  const Status status = Status::format(StatusCode::invalid_argument, "input '%s': rank %d", "x", 3);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.message(), "input 'x': rank 3");
  EXPECT_TRUE(Status().ok());
}

TEST(Status, CutsLongMessagesBetweenCharacters) {
  std::string text(Status::kCapacity - 1, 'a');
  text += "\xC3\xA4 and more";
  EXPECT_EQ(Status(StatusCode::internal, text).message(), std::string(Status::kCapacity - 1, 'a'));
  const std::string fits(Status::kCapacity, 'b');
  EXPECT_EQ(Status(StatusCode::internal, fits).message(), fits);
}

TEST(Status, ThrowsTheKindOfItsCode) {
  EXPECT_NO_THROW(Status().throw_if_error());
  EXPECT_THROW(Status(StatusCode::invalid_argument, "a").throw_if_error(), ModelError);
  EXPECT_THROW(Status(StatusCode::not_ready, "a").throw_if_error(), ModelError);
  EXPECT_THROW(Status(StatusCode::device_error, "a").throw_if_error(), DeviceError);
  EXPECT_THROW(Status(StatusCode::out_of_memory, "a").throw_if_error(), DeviceError);
  EXPECT_THROW(Status(StatusCode::internal, "a").throw_if_error(), InternalError);
}

struct NodeTag;
struct ValueTag;

TEST(Id, IsInvalidUntilSetAndStrong) {
  using NodeId = Id<NodeTag>;
  static_assert(!std::is_convertible_v<std::uint32_t, NodeId>);
  static_assert(!std::is_same_v<NodeId, Id<ValueTag>>);
  EXPECT_FALSE(NodeId().valid());
  EXPECT_TRUE(NodeId(0).valid());
  EXPECT_LT(NodeId(1), NodeId(2));
  const std::unordered_set<NodeId> set = {NodeId(1), NodeId(1), NodeId(2)};
  EXPECT_EQ(set.size(), 2u);
}

}  // namespace
}  // namespace tenon
