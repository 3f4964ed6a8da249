#include "ir/pointwise.hpp"

#include "base/random.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

namespace tenon {
namespace {

TEST(PointwiseProgram, RoundTripsThroughText) {
  const std::string_view texts[] = {
      "(2) %2 = sigmoid %0; %3 = mul %0 %2; %4 = mul %3 %1",
      "(1) %1 = const 0.5; %2 = mul %0 %1; %3 = clip[0.0,6.0] %2",
      "(1) %1 = leaky_relu[0.2] %0",
      "(1) %1 = cast.f16 %0; %2 = const.f16 -0.0; %3 = add %1 %2",
      "(3) %3 = where %0 %1 %2",
      "(0) %0 = const nan",
      "(1)",
  };
  for (const std::string_view text : texts) {
    const auto program = PointwiseProgram::parse(text);
    EXPECT_EQ(program.to_string(), text);
    program.verify();
  }
  EXPECT_EQ(PointwiseProgram::parse("(1) %1 = clip[0, 6] %0"),
            PointwiseProgram::parse("(1) %1 = clip[0.0,6.0] %0"));
}

TEST(PointwiseProgram, EveryFunctionHasANameOfItsOwn) {
  for (int i = 0; i < pointwise_fn_count(); ++i) {
    const auto fn = static_cast<PointwiseFn>(i);
    EXPECT_EQ(parse_pointwise_fn(info(fn).name), fn);
    PointwiseProgram program;
    program.inputs = 3;
    PointwiseProgram::Instruction call;
    call.fn = fn;
    call.alpha = info(fn).alpha;
    call.beta = 3.5F;
    for (int k = 0; k < info(fn).arity; ++k) call.args[k] = static_cast<std::uint16_t>(2 - k);
    program.code.push_back(call);
    EXPECT_TRUE(identical(PointwiseProgram::parse(program.to_string()), program)) << program.to_string();
  }
}

TEST(PointwiseProgram, RefusesBadPrograms) {
  const std::string_view texts[] = {
      "",
      "2",
      "(99999)",
      "(1) %1 = relu %1",
      "(1) %2 = relu %0",
      "(1) %1 = relu",
      "(1) %1 = relu %0 %0",
      "(1) %1 = frobnicate %0",
      "(1) %1 = cast.x %0",
      "(1) %1 = clip[0.0 %0",
      "(1) %1 = relu %\"0\"",
      "(1) %1 = relu %0;",
  };
  for (const std::string_view text : texts) EXPECT_THROW(PointwiseProgram::parse(text), ModelError) << text;
  PointwiseProgram program;
  EXPECT_THROW(program.verify(), ModelError);
  program = PointwiseProgram::parse("(2) %2 = add %0 %1");
  program.code[0].args[1] = 2;
  EXPECT_THROW(program.verify(), ModelError);
}

TEST(PointwiseProgram, IdenticalComparesFloatsByBits) {
  const auto a = PointwiseProgram::parse("(0) %0 = const nan");
  const auto b = PointwiseProgram::parse("(0) %0 = const 0.0");
  const auto c = PointwiseProgram::parse("(0) %0 = const -0.0");
  EXPECT_TRUE(identical(a, a));
  EXPECT_FALSE(identical(b, c));
  EXPECT_NE(hash(b), hash(c));
}

}  // namespace
}  // namespace tenon
