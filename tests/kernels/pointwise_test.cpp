// Random pointwise programs over random broadcast spaces, on every kernel this machine runs, against one
// element at a time.
#include "backends/cpu/kernels/pointwise/pointwise.hpp"

#include "base/thread_pool.hpp"
#include "kernels/pointwise_oracle.hpp"
#include "kernels/support.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace tenon::cpu {
namespace {

using test::Random;
using Kind = PointwiseProgram::Kind;
using Fn = PointwiseFn;

PointwiseProgram::Instruction call(Fn fn, int a, int b = 0, int c = 0, float alpha = 0, float beta = 0) {
  PointwiseProgram::Instruction i;
  i.fn = fn;
  i.args[0] = static_cast<std::uint16_t>(a);
  i.args[1] = static_cast<std::uint16_t>(b);
  i.args[2] = static_cast<std::uint16_t>(c);
  i.alpha = alpha;
  i.beta = beta;
  return i;
}

PointwiseProgram::Instruction constant(float value) {
  PointwiseProgram::Instruction i;
  i.kind = Kind::constant;
  i.alpha = value;
  return i;
}

PointwiseProgram::Instruction cast(int a, DataType to) {
  PointwiseProgram::Instruction i;
  i.kind = Kind::cast;
  i.args[0] = static_cast<std::uint16_t>(a);
  i.to = to;
  return i;
}

// Operands as bytes of their type, with a stride per dimension that need not be dense.
struct Operand {
  PointwiseOperand layout;
  std::vector<float> floats;
  std::vector<std::uint8_t> bytes;
  std::vector<std::int64_t> longs;
  std::vector<std::int32_t> ints;

  const void* data() const {
    switch (layout.type) {
      case DataType::f32: return floats.data();
      case DataType::i32: return ints.data();
      case DataType::i64: return longs.data();
      default: return bytes.data();
    }
  }
  double at(std::size_t i) const {
    switch (layout.type) {
      case DataType::f32: return floats[i];
      case DataType::i32: return ints[i];
      case DataType::i64: return static_cast<double>(longs[i]);
      default: return bytes[i];
    }
  }
};

Operand make_operand(Random& random, DataType type, const std::vector<std::ptrdiff_t>& dims) {
  Operand operand;
  operand.layout.type = type;
  operand.layout.strides.assign(dims.size(), 0);
  const int kind = random.integer(0, 4);  // dense, broadcast, one value, transposed, with gaps
  std::ptrdiff_t stride = kind == 4 ? random.integer(2, 3) : 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::size_t d = kind == 3 ? i : dims.size() - 1 - i;
    if (kind == 2 || (kind == 1 && random.coin())) continue;
    operand.layout.strides[d] = stride;
    stride *= dims[d];
  }
  const auto size = static_cast<std::size_t>(stride);
  for (std::size_t i = 0; i < size; ++i) {
    operand.floats.push_back(random.real(-3.0F, 3.0F));
    operand.bytes.push_back(static_cast<std::uint8_t>(random.integer(0, 1)));
    operand.longs.push_back(random.integer(-1000, 1000));
    operand.ints.push_back(random.integer(-1000, 1000));
  }
  return operand;
}

// Instructions whose result the oracle and the kernels round alike, so that the comparison is exact.
PointwiseProgram make_program(Random& random, std::vector<DataType>* types, DataType* result) {
  PointwiseProgram program;
  const int inputs = random.integer(1, 4);
  constexpr DataType kTypes[] = {DataType::f32, DataType::f32, DataType::f32, DataType::boolean,
                                 DataType::i32, DataType::i64, DataType::u8};
  for (int i = 0; i < inputs; ++i) types->push_back(kTypes[random.integer(0, 6)]);
  program.inputs = static_cast<std::uint16_t>(inputs);
  std::vector<DataType> registers = *types;
  const auto add = [&](const PointwiseProgram::Instruction& i, DataType type) {
    program.code.push_back(i);
    registers.push_back(type);
  };
  for (int i = 0; i < inputs; ++i) {
    if (registers[static_cast<std::size_t>(i)] != DataType::f32) add(cast(i, DataType::f32), DataType::f32);
  }
  const auto any_of = [&](DataType type) {
    for (;;) {
      const int reg = random.integer(0, static_cast<int>(registers.size()) - 1);
      if (registers[static_cast<std::size_t>(reg)] == type) return reg;
    }
  };
  add(constant(random.real()), DataType::f32);
  add(call(Fn::less, any_of(DataType::f32), any_of(DataType::f32)), DataType::boolean);
  const int length = random.integer(0, 12);
  for (int i = 0; i < length; ++i) {
    const int x = any_of(DataType::f32);
    const int y = any_of(DataType::f32);
    const int m = any_of(DataType::boolean);
    switch (random.integer(0, 9)) {
      case 0: add(call(Fn::add, x, y), DataType::f32); break;
      case 1: add(call(Fn::mul, x, y), DataType::f32); break;
      case 2: add(call(Fn::sub, x, y), DataType::f32); break;
      case 3: add(call(Fn::max, x, y), DataType::f32); break;
      case 4: add(call(Fn::clip, x, 0, 0, -1.0F, 1.5F), DataType::f32); break;
      case 5: add(call(Fn::leaky_relu, x, 0, 0, 0.25F), DataType::f32); break;
      case 6: add(call(Fn::where, m, x, y), DataType::f32); break;
      case 7: add(call(Fn::greater_equal, x, y), DataType::boolean); break;
      case 8: add(call(Fn::logical_xor, m, any_of(DataType::boolean)), DataType::boolean); break;
      default: add(cast(x, DataType::boolean), DataType::boolean); break;
    }
  }
  *result = registers.back();
  return program;
}

class PointwisePrograms : public test::KernelTest<PointwiseKernel> {};

std::vector<double> expected(const PointwiseProblem& problem, const std::vector<Operand>& operands) {
  std::ptrdiff_t count = 1;
  for (const std::ptrdiff_t d : problem.dims) count *= d;
  std::vector<double> out;
  for (std::ptrdiff_t e = 0; e < count; ++e) {
    std::vector<double> values;
    for (const Operand& operand : operands) {
      std::ptrdiff_t rest = e;
      std::ptrdiff_t at = 0;
      for (std::size_t d = problem.dims.size(); d-- > 0;) {
        at += rest % problem.dims[d] * operand.layout.strides[d];
        rest /= problem.dims[d];
      }
      values.push_back(operand.at(static_cast<std::size_t>(at)));
    }
    out.push_back(test::pointwise_program(problem.program, values));
  }
  return out;
}

void check(const PointwiseKernel& kernel, const PointwiseProblem& problem,
           const std::vector<Operand>& operands) {
  PointwiseTask task;
  ASSERT_EQ(pointwise_prepare(kernel, problem, &task), "");
  std::vector<const void*> data;
  for (const Operand& operand : operands) data.push_back(operand.data());
  const std::vector<double> want = expected(problem, operands);
  for (const int threads : {1, 3}) {
    test::GuardedBuffer out(want.size());
    pointwise_run(task, data.data(), out.data(), test::pool_of(threads));
    ASSERT_TRUE(out.intact());
    for (std::size_t i = 0; i < want.size(); ++i) {
      const double got = problem.result == DataType::boolean
                             ? reinterpret_cast<const std::uint8_t*>(out.data())[i]
                             : static_cast<double>(out.data()[i]);
      ASSERT_EQ(got, want[i]) << "element " << i << " with " << threads << " threads, rows " << task.rows;
    }
  }
}

TEST_P(PointwisePrograms, RandomProgramsAndBroadcasts) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 300 && !HasFatalFailure(); ++i) {
    PointwiseProblem problem;
    std::vector<DataType> types;
    problem.program = make_program(random, &types, &problem.result);
    const int rank = random.integer(0, 4);
    for (int d = 0; d < rank; ++d) problem.dims.push_back(random.integer(1, d == rank - 1 ? 130 : 7));
    std::vector<Operand> operands;
    for (const DataType type : types) {
      operands.push_back(make_operand(random, type, problem.dims));
      problem.operands.push_back(operands.back().layout);
    }
    check(kernel(), problem, operands);
  }
}

TEST_P(PointwisePrograms, LargeSpacesAreSplitAmongThreads) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (const std::vector<std::ptrdiff_t>& dims :
       {std::vector<std::ptrdiff_t>{50007}, {3, 41, 301}, {700, 5, 11}, {2, 20011}, {5003, 9}}) {
    PointwiseProblem problem;
    problem.program.inputs = 2;
    problem.program.code = {call(Fn::add, 0, 1), call(Fn::relu, 2)};
    problem.dims = dims;
    std::vector<Operand> operands;
    for (int i = 0; i < 2; ++i) {
      operands.push_back(make_operand(random, DataType::f32, dims));
      problem.operands.push_back(operands.back().layout);
    }
    check(kernel(), problem, operands);
  }
}

// One value per channel of a blocked tensor, and of an image with interleaved channels.
TEST_P(PointwisePrograms, OperandsRepeatAlongARow) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (const std::vector<std::ptrdiff_t>& dims :
       {std::vector<std::ptrdiff_t>{2, 3, 49, 16}, {7, 900, 16}, {1, 20001, 3}, {5, 2, 47}, {4, 31, 2}}) {
    const std::size_t rank = dims.size();
    std::ptrdiff_t count = 1;
    for (const std::ptrdiff_t d : dims) count *= d;
    for (const DataType type : {DataType::f32, DataType::u8}) {
      PointwiseProblem problem;
      problem.program.inputs = 3;
      problem.program.code = {cast(1, DataType::f32), call(Fn::mul, 0, 3), call(Fn::add, 4, 2),
                              call(Fn::mul, 5, 3)};
      problem.dims = dims;
      std::vector<Operand> operands(3);
      for (Operand& operand : operands) {
        operand.layout.type = DataType::f32;
        operand.layout.strides = broadcast_strides(dims, dims);
        operand.floats = random.reals(static_cast<std::size_t>(count));
        for (std::ptrdiff_t i = 0; i < count; ++i)
          operand.bytes.push_back(static_cast<std::uint8_t>(random.integer(0, 255)));
      }
      operands[1].layout.type = type;
      operands[1].layout.strides[rank - 2] = 0;
      operands[2].layout.strides.assign(rank, 0);
      operands[2].layout.strides[rank - 1] = 1;
      for (const Operand& operand : operands) problem.operands.push_back(operand.layout);
      check(kernel(), problem, operands);
    }
  }
}

TEST_P(PointwisePrograms, TheResultMayReplaceAnOperand) {
  Random random;
  SCOPED_TRACE(random.trace());
  PointwiseProblem problem;
  problem.program.inputs = 2;
  problem.program.code = {call(Fn::mul, 0, 1), call(Fn::add, 2, 0), call(Fn::max, 3, 1)};
  problem.dims = {33, 257};
  problem.operands = {{DataType::f32, {257, 1}}, {DataType::f32, {0, 1}}};
  std::vector<float> x = random.reals(33 * 257);
  const std::vector<float> y = random.reals(257);
  PointwiseTask task;
  ASSERT_EQ(pointwise_prepare(kernel(), problem, &task), "");
  std::vector<float> apart(x.size());
  const void* operands[] = {x.data(), y.data()};
  pointwise_run(task, operands, apart.data(), test::pool_of(2));
  pointwise_run(task, operands, x.data(), test::pool_of(2));
  EXPECT_EQ(std::memcmp(x.data(), apart.data(), x.size() * sizeof(float)), 0);
}

TEST_P(PointwisePrograms, RefusesWhatItCannotRun) {
  PointwiseProblem problem;
  problem.program.inputs = 2;
  problem.dims = {4};
  const PointwiseOperand ints{DataType::i32, {1}};
  const PointwiseOperand floats{DataType::f32, {1}};
  const auto refusal = [&](Fn fn, const PointwiseOperand& a, const PointwiseOperand& b, DataType result) {
    problem.program.code = {call(fn, 0, 1)};
    problem.operands = {a, b};
    problem.result = result;
    PointwiseTask task;
    return pointwise_prepare(kernel(), problem, &task);
  };
  EXPECT_EQ(refusal(Fn::add, ints, ints, DataType::i32), "add of these types");
  EXPECT_EQ(refusal(Fn::add, floats, ints, DataType::f32), "add of these types");
  EXPECT_EQ(refusal(Fn::bit_and, floats, floats, DataType::f32), "bit_and has no float form");
  EXPECT_EQ(refusal(Fn::less, floats, floats, DataType::f32), "needs an f32 or boolean result");
  EXPECT_EQ(refusal(Fn::add, {DataType::f64, {1}}, floats, DataType::f32),
            "needs f32, boolean, i8, u8, i32 or i64 operands");
}

TEST(BroadcastStrides, FollowTheTrailingDimensions) {
  using Dims = std::vector<std::ptrdiff_t>;
  EXPECT_EQ(broadcast_strides(Dims{3, 1, 5}, Dims{2, 3, 4, 5}), (Dims{0, 5, 0, 1}));
  EXPECT_EQ(broadcast_strides(Dims{}, Dims{2, 3}), (Dims{0, 0}));
}

TENON_FOR_EACH_KERNEL(PointwisePrograms, pointwise_kernels());

TEST(SelectPointwise, ObeysTheLevel) {
  test::expect_selection_by_level(pointwise_kernels(), select_pointwise);
}

}  // namespace
}  // namespace tenon::cpu
