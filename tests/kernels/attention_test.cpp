// Every attention kernel this machine runs against double precision.
#include "backends/cpu/kernels/attention/attention.hpp"

#include "kernels/half_support.hpp"
#include "kernels/s8_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace tenon::cpu {
namespace {

class AttentionKernels : public test::KernelTest<AttentionKernel> {};

struct AttentionCase {
  AttentionArgs args;
  std::vector<float> q, k, v, mask;
  std::size_t result = 0;  // floats that y spans
};

// Heads apart, or side by side with other columns between them.
AttentionStrides layout(test::Random& random, int heads, int rows, int columns, std::size_t& floats,
                        int batch) {
  const std::ptrdiff_t row = random.coin() ? columns : static_cast<std::ptrdiff_t>(heads) * columns + 3;
  const AttentionStrides strides = row == columns
                                       ? AttentionStrides{static_cast<std::ptrdiff_t>(heads) * rows * columns,
                                                          static_cast<std::ptrdiff_t>(rows) * columns, row}
                                       : AttentionStrides{rows * row, columns, row};
  floats = static_cast<std::size_t>(strides.batch * batch);
  return strides;
}

DataType any_type(test::Random& random) {
  constexpr DataType kTypes[] = {DataType::f32, DataType::bf16, DataType::f16};
  return kTypes[random.integer(0, 2)];
}

AttentionCase make_case(test::Random& random, int queries, int keys, DataType type) {
  AttentionCase c;
  AttentionArgs& a = c.args;
  a.type = type;
  a.batch = random.integer(1, 2);
  a.kv_heads = random.integer(1, 3);
  a.heads = a.kv_heads * random.integer(1, 2);
  a.queries = queries;
  a.keys = keys;
  a.depth = random.integer(1, 70);
  if (type == DataType::bf16 && random.integer(0, 3) != 0) a.depth = a.depth / 2 * 2 + 2;  // pairs
  a.value_depth = random.coin() ? a.depth : random.integer(1, 40);
  a.scale = random.real(0.1F, 1.0F);
  a.causal = random.coin();
  a.causal_offset = a.causal && random.coin() ? std::max(0, keys - queries) : 0;
  std::size_t q, k, v;
  a.q_strides = layout(random, a.heads, queries, a.depth, q, a.batch);
  a.k_strides = layout(random, a.kv_heads, keys, a.depth, k, a.batch);
  a.v_strides = layout(random, a.kv_heads, keys, a.value_depth, v, a.batch);
  a.y_strides = layout(random, a.heads, queries, a.value_depth, c.result, a.batch);
  c.q = random.reals(q);
  c.k = random.reals(k);
  c.v = random.reals(v);
  if (a.type != DataType::f32) {
    for (auto* operand : {&c.q, &c.k, &c.v}) test::round_to(a.type, *operand);
  }
  if (random.coin()) {
    const bool per_query = random.coin();
    a.mask_key = random.integer(0, 3) != 0 ? 1 : 0;
    const std::ptrdiff_t row = a.mask_key ? keys : 1;
    if (per_query) a.mask_strides.row = row;
    const std::ptrdiff_t plane = per_query ? row * queries : row;
    if (random.coin()) a.mask_strides = {plane, 0, a.mask_strides.row};
    c.mask = random.reals(static_cast<std::size_t>(plane * a.batch));
    for (float& value : c.mask) value = random.integer(0, 4) == 0 ? -10000.0F : value;
  }
  return c;
}

// nullptr, and those of pairs that this machine has instructions for.
std::vector<const ConvHalfKernel*> pair_kernels(DataType type) {
  std::vector<const ConvHalfKernel*> kernels = {nullptr};
  for (const ConvHalfKernel& kernel : conv_half_kernels()) {
    if (type == DataType::bf16 && kernel.type == type && isa_supported(kernel.info.isa))
      kernels.push_back(&kernel);
  }
  return kernels;
}

const char* name_of(const ConvHalfKernel* pairs) { return pairs ? pairs->info.name : "gemm"; }

std::vector<float> run(const AttentionKernel& kernel, const ConvHalfKernel* pairs, const AttentionCase& c,
                       int threads) {
  AttentionArgs args = c.args;
  const bool single = args.type == DataType::f32;
  const std::vector<std::byte> q = test::stored(args.type, c.q, single);
  const std::vector<std::byte> k = test::stored(args.type, c.k, single);
  const std::vector<std::byte> v = test::stored(args.type, c.v, single);
  args.q = q.data();
  args.k = k.data();
  args.v = v.data();
  args.mask = c.mask.empty() ? nullptr : c.mask.data();
  test::GuardedBytes out(c.result * (single ? 4 : 2));
  test::GuardedBuffer scratch(attention_scratch_size(args, threads));
  args.y = out.data();
  attention_run(kernel, *select_gemm(kernel.info.isa), pairs, args, scratch.data(), test::pool_of(threads));
  EXPECT_TRUE(out.intact());
  EXPECT_TRUE(scratch.intact());
  return test::read_stored(args.type, out.data(), c.result, single);
}

// Softmax weights of one query in double precision.
std::vector<double> weights_of(const AttentionCase& c, int b, int h, int i, double* magnitude) {
  const AttentionArgs& a = c.args;
  const int shared = h / (a.heads / a.kv_heads);
  std::vector<double> p(static_cast<std::size_t>(a.keys));
  double top = -std::numeric_limits<double>::infinity();
  for (int t = 0; t < a.keys; ++t) {
    const float* q = c.q.data() + b * a.q_strides.batch + h * a.q_strides.head + i * a.q_strides.row;
    const float* k = c.k.data() + b * a.k_strides.batch + shared * a.k_strides.head + t * a.k_strides.row;
    double score = 0;
    double sum = 0;
    for (int d = 0; d < a.depth; ++d) {
      score += static_cast<double>(q[d]) * static_cast<double>(k[d]);
      sum += std::abs(static_cast<double>(q[d]) * static_cast<double>(k[d]));
    }
    *magnitude = std::max(*magnitude, sum * static_cast<double>(a.scale));
    score *= static_cast<double>(a.scale);
    if (!c.mask.empty()) {
      score += c.mask[static_cast<std::size_t>(b * a.mask_strides.batch + h * a.mask_strides.head +
                                               i * a.mask_strides.row + t * a.mask_key)];
    }
    if (a.causal && t > i + a.causal_offset) score = -std::numeric_limits<double>::infinity();
    p[static_cast<std::size_t>(t)] = score;
    top = std::max(top, score);
  }
  double total = 0;
  for (double& x : p) total += x = std::exp(x - top);
  for (double& x : p) x /= total;
  return p;
}

void check(const AttentionKernel& kernel, const ConvHalfKernel* pairs, const AttentionCase& c) {
  const AttentionArgs& a = c.args;
  SCOPED_TRACE(testing::Message() << "batch " << a.batch << " heads " << a.heads << "/" << a.kv_heads << " "
                                  << a.queries << " x " << a.keys << " depth " << a.depth << ", "
                                  << a.value_depth << " of " << static_cast<int>(a.type) << " by "
                                  << name_of(pairs) << " causal " << a.causal << " + " << a.causal_offset
                                  << " mask " << !c.mask.empty());
  const std::vector<float> y = run(kernel, pairs, c, 1);
  for (int b = 0; b < a.batch; ++b) {
    for (int h = 0; h < a.heads; ++h) {
      for (int i = 0; i < a.queries; ++i) {
        double magnitude = 1;
        const std::vector<double> p = weights_of(c, b, h, i, &magnitude);
        const int shared = h / (a.heads / a.kv_heads);
        for (int e = 0; e < a.value_depth; ++e) {
          double exact = 0, weighed = 0;
          for (int t = 0; t < a.keys; ++t) {
            const double term =
                p[static_cast<std::size_t>(t)] *
                static_cast<double>(c.v[static_cast<std::size_t>(
                    b * a.v_strides.batch + shared * a.v_strides.head + t * a.v_strides.row + e)]);
            exact += term;
            weighed += std::abs(term);
          }
          const std::ptrdiff_t at = b * a.y_strides.batch + h * a.y_strides.head + i * a.y_strides.row + e;
          // A mask of -10000 leaves scores with the precision that numbers of its size have.
          const double extra = c.mask.empty() ? 0 : 10000;
          const double rounded = !pairs || pairs->wide || a.depth % 2 != 0 ? 0 : 0x1p-8 * weighed;
          const double error = test::error_bound("attention", a.depth + a.keys + extra, magnitude) + rounded;
          ASSERT_NEAR(y[static_cast<std::size_t>(at)], exact, test::stored_bound(a.type, error, exact))
              << "batch " << b << " head " << h << " query " << i << " column " << e;
        }
      }
    }
  }
  const std::vector<float> threaded = run(kernel, pairs, c, 3);
  for (int b = 0; b < a.batch; ++b) {
    for (int h = 0; h < a.heads; ++h) {
      for (int i = 0; i < a.queries; ++i) {
        const std::ptrdiff_t at = b * a.y_strides.batch + h * a.y_strides.head + i * a.y_strides.row;
        ASSERT_EQ(std::memcmp(y.data() + at, threaded.data() + at,
                              static_cast<std::size_t>(a.value_depth) * sizeof(float)),
                  0)
            << "with other threads";
      }
    }
  }
}

void check(const AttentionKernel& kernel, const AttentionCase& c) {
  for (const ConvHalfKernel* pairs : pair_kernels(c.args.type)) check(kernel, pairs, c);
}

TEST_P(AttentionKernels, RandomShapes) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 30 && !HasFatalFailure(); ++i) {
    check(kernel(), make_case(random, random.integer(1, 70), random.integer(1, 70), any_type(random)));
  }
}

TEST_P(AttentionKernels, Pairs) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 20 && !HasFatalFailure(); ++i) {
    check(kernel(), make_case(random, random.integer(1, 100), random.integer(1, 600), DataType::bf16));
  }
}

TEST_P(AttentionKernels, SeveralBlocksOfKeys) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (const int keys : {kAttentionKeys, kAttentionKeys + 1, 3 * kAttentionKeys - 7}) {
    for (int i = 0; i < 3 && !HasFatalFailure(); ++i) {
      check(kernel(), make_case(random, random.integer(1, 40), keys, any_type(random)));
    }
  }
}

TEST_P(AttentionKernels, FewQueries) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 30 && !HasFatalFailure(); ++i) {
    check(kernel(), make_case(random, random.integer(1, kAttentionFewQueries), random.integer(1, 300),
                              any_type(random)));
  }
}

// A later block with larger scores makes the first one's weights vanish; keys at -inf have none.
void check_maxima(const AttentionKernel& kernel, const ConvHalfKernel* pairs, DataType type, int queries) {
  constexpr int kKeys = 2 * kAttentionKeys;
  SCOPED_TRACE(testing::Message() << queries << " by " << name_of(pairs));
  AttentionCase c;
  AttentionArgs& a = c.args;
  a.type = type;
  a.batch = a.heads = a.kv_heads = a.value_depth = 1;
  a.depth = 2;
  a.queries = queries;
  a.keys = kKeys;
  a.q_strides = {2 * queries, 2 * queries, 2};
  a.k_strides = {2 * kKeys, 2 * kKeys, 2};
  a.v_strides = {kKeys, kKeys, 1};
  a.y_strides = {queries, queries, 1};
  c.result = static_cast<std::size_t>(queries);
  c.q.assign(2 * c.result, 1);
  c.k.assign(2 * kKeys, 0);
  c.k.back() = 200;
  c.v.assign(kKeys, 1);
  c.v.back() = 7;
  EXPECT_EQ(run(kernel, pairs, c, 1).back(), 7.0F);
  c.k.back() = 0;
  c.mask.assign(kKeys, -std::numeric_limits<float>::infinity());
  c.mask.back() = 0;
  EXPECT_EQ(run(kernel, pairs, c, 1).back(), 7.0F) << "all of the first block is masked";
  c.mask.back() = -std::numeric_limits<float>::infinity();
  EXPECT_TRUE(std::isnan(run(kernel, pairs, c, 1).back())) << "nothing is left";
  a.blind_is_zero = true;
  EXPECT_EQ(run(kernel, pairs, c, 1).back(), 0.0F) << "nothing is left, which gives 0";
}

TEST_P(AttentionKernels, MaximaThatGrowAndMaskedBlocks) {
  for (const DataType type : {DataType::f32, DataType::bf16}) {
    for (const ConvHalfKernel* pairs : pair_kernels(type)) {
      check_maxima(kernel(), pairs, type, 1);
      check_maxima(kernel(), pairs, type, kAttentionFewQueries + 1);
    }
  }
}

TENON_FOR_EACH_KERNEL(AttentionKernels, attention_kernels());

TEST(SelectAttention, ObeysTheLevel) {
  test::expect_selection_by_level(attention_kernels(), select_attention);
}

}  // namespace
}  // namespace tenon::cpu
