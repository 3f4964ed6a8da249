// Attention of bytes on every kernel this machine runs, with the products of every level, against the
// formula.
#include "backends/cpu/kernels/attention_s8/attention_s8.hpp"

#include "kernels/s8_support.hpp"
#include "ops/quantized_attention.hpp"

#include <algorithm>
#include <limits>

namespace tenon::cpu {
namespace {

class AttentionS8Kernels : public test::KernelTest<AttentionS8Kernel> {};

struct AttendedCase {
  AttentionS8Args args;
  std::vector<std::uint8_t> q, k, v;
  std::vector<float> mask;
  std::size_t results = 0;  // elements that y spans
};

// Heads apart, or side by side with other columns between them.
AttentionStrides s8_layout(test::Random& random, int heads, int rows, int columns, int batch,
                           std::size_t& elements) {
  const std::ptrdiff_t row = random.coin() ? columns : static_cast<std::ptrdiff_t>(heads) * columns + 3;
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(rows) * columns;
  const AttentionStrides strides = row == columns ? AttentionStrides{heads * plane, plane, row}
                                                  : AttentionStrides{rows * row, columns, row};
  elements = static_cast<std::size_t>(strides.batch * batch);
  return strides;
}

AttendedCase make_attended_case(test::Random& random, int queries, int keys, int most_depth = 70) {
  AttendedCase c;
  AttentionS8Args& a = c.args;
  a.batch = random.integer(1, 2);
  a.kv_heads = random.integer(1, 2);
  a.heads = a.kv_heads * random.integer(1, 2);
  a.queries = queries;
  a.keys = keys;
  a.depth = random.integer(1, most_depth);
  a.value_depth = random.integer(1, 70);
  a.q_signed = random.coin();
  a.k_signed = random.coin();
  a.v_signed = random.coin();
  a.q_zero = random.integer(0, 255) - (a.q_signed ? 128 : 0);
  a.score_multiplier = random.real(1e-5F, 3e-4F);
  a.y_multiplier = random.real(0.3F, 1.5F);
  a.y_offset = random.real(-3.0F, 3.0F);
  std::size_t q, k, v;
  a.q_strides = s8_layout(random, a.heads, queries, a.depth, a.batch, q);
  a.k_strides = s8_layout(random, a.kv_heads, keys, a.depth, a.batch, k);
  a.v_strides = s8_layout(random, a.kv_heads, keys, a.value_depth, a.batch, v);
  a.y_strides = s8_layout(random, a.heads, queries, a.value_depth, a.batch, c.results);
  c.q = test::random_bytes(random, q);
  c.k = test::random_bytes(random, k);
  c.v = test::random_bytes(random, v);
  if (random.coin()) {
    a.mask_key = random.integer(0, 3) != 0 ? 1 : 0;
    const std::ptrdiff_t row = a.mask_key ? keys : 1;
    const bool per_query = random.coin();
    if (per_query) a.mask_strides.row = row;
    const std::ptrdiff_t plane = per_query ? row * queries : row;
    a.mask_strides.batch = plane;
    c.mask = random.reals(static_cast<std::size_t>(plane * a.batch));
    for (float& value : c.mask) {
      if (random.integer(0, 4) == 0)
        value = random.coin() ? -10000.0F : -std::numeric_limits<float>::infinity();
    }
  }
  a.requantize.bytes = random.integer(0, 3) != 0;
  if (a.requantize.bytes) {
    const int least = random.coin() ? -128 : 0;
    a.requantize.to_bytes(least, least + 255, random.integer(least, least + 255));
  }
  return c;
}

int centred(std::uint8_t byte, bool is_signed) {
  return test::byte_value(byte, is_signed) - (is_signed ? 0 : 128);
}

// The results of one query: v of the formula.
std::vector<float> expected_attended_row(const AttendedCase& c, int b, int h, int i) {
  const AttentionS8Args& a = c.args;
  const int shared = h / (a.heads / a.kv_heads);
  const std::uint8_t* q = c.q.data() + b * a.q_strides.batch + h * a.q_strides.head + i * a.q_strides.row;
  std::vector<float> scores(static_cast<std::size_t>(a.keys));
  float top = -std::numeric_limits<float>::infinity();
  for (int t = 0; t < a.keys; ++t) {
    const std::uint8_t* k =
        c.k.data() + b * a.k_strides.batch + shared * a.k_strides.head + t * a.k_strides.row;
    std::int32_t sum = 0;
    for (int d = 0; d < a.depth; ++d)
      sum += (test::byte_value(q[d], a.q_signed) - a.q_zero) * centred(k[d], a.k_signed);
    float score = op::scale_sum(sum, a.score_multiplier);
    if (!c.mask.empty()) {
      score = score + c.mask[static_cast<std::size_t>(b * a.mask_strides.batch + i * a.mask_strides.row +
                                                      t * a.mask_key)];
    }
    scores[static_cast<std::size_t>(t)] = score;
    top = std::max(top, score);
  }
  std::int32_t total = 0;
  std::vector<std::int32_t> sums(static_cast<std::size_t>(a.value_depth));
  for (int t = 0; t < a.keys; ++t) {
    const std::int32_t share = op::share_of_score(scores[static_cast<std::size_t>(t)] - top);
    total += share;
    const std::uint8_t* v =
        c.v.data() + b * a.v_strides.batch + shared * a.v_strides.head + t * a.v_strides.row;
    for (int e = 0; e < a.value_depth; ++e)
      sums[static_cast<std::size_t>(e)] += share * centred(v[e], a.v_signed);
  }
  std::vector<float> row;
  for (const std::int32_t sum : sums) {
    const float mean = op::scale_sum(sum, a.y_multiplier) / static_cast<float>(total);
    row.push_back(mean + a.y_offset);
  }
  return row;
}

void check_attended(const AttentionS8Kernel& kernel, const ConvS8Kernel& products, const AttendedCase& c,
                    int threads) {
  AttentionS8Args a = c.args;
  SCOPED_TRACE(testing::Message() << products.info.name << " batch " << a.batch << " heads " << a.heads << "/"
                                  << a.kv_heads << " " << a.queries << " x " << a.keys << " depth " << a.depth
                                  << ", " << a.value_depth << " mask " << !c.mask.empty() << " threads "
                                  << threads);
  a.q = c.q.data();
  a.k = c.k.data();
  a.v = c.v.data();
  a.mask = c.mask.empty() ? nullptr : c.mask.data();
  test::GuardedBytes y(c.results * (a.requantize.bytes ? 1 : sizeof(float)));
  test::GuardedBytes scratch(attention_s8_scratch_size(a, threads));
  a.y = y.data();
  attention_s8_run(kernel, products, a, reinterpret_cast<std::byte*>(scratch.data()), test::pool_of(threads));
  ASSERT_TRUE(y.intact() && scratch.intact());
  for (int b = 0; b < a.batch; ++b) {
    for (int h = 0; h < a.heads; ++h) {
      for (int i = 0; i < a.queries; ++i) {
        const std::vector<float> row = expected_attended_row(c, b, h, i);
        for (int e = 0; e < a.value_depth; ++e) {
          const auto at = static_cast<std::size_t>(b * a.y_strides.batch + h * a.y_strides.head +
                                                   i * a.y_strides.row + e);
          const float v = row[static_cast<std::size_t>(e)];
          if (!a.requantize.bytes) {
            const auto result = y.at<float>(at);
            ASSERT_TRUE(result == v || (result != result && v != v)) << result << " for " << v;
          } else if (a.requantize.is_signed) {
            ASSERT_EQ(y.at<std::int8_t>(at), op::quantize_to<std::int8_t>(v, a.requantize.zero)) << v;
          } else {
            ASSERT_EQ(y.at<std::uint8_t>(at), op::quantize_to<std::uint8_t>(v, a.requantize.zero)) << v;
          }
        }
      }
    }
  }
}

void check_attended_levels(const AttentionS8Kernel& kernel, const AttendedCase& c) {
  for (const ConvS8Kernel& products : conv_s8_kernels()) {
    if (!isa_supported(products.info.isa)) continue;
    for (const int threads : {1, 3}) check_attended(kernel, products, c, threads);
  }
}

TEST_P(AttentionS8Kernels, RandomShapes) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 20 && !HasFatalFailure(); ++i)
    check_attended_levels(kernel(), make_attended_case(random, random.integer(1, 40), random.integer(1, 70)));
}

TEST_P(AttentionS8Kernels, SeveralBlocksOfQueries) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 2 && !HasFatalFailure(); ++i)
    check_attended_levels(kernel(),
                          make_attended_case(random, random.integer(60, 140), random.integer(200, 600)));
}

// More columns than 16 bits hold sums of.
TEST_P(AttentionS8Kernels, DeepKeys) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 3 && !HasFatalFailure(); ++i)
    check_attended_levels(kernel(), make_attended_case(random, 3, random.integer(1, 40), 1100));
}

TEST_P(AttentionS8Kernels, NoKeys) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  check_attended_levels(kernel(), make_attended_case(random, 3, 0));
}

TENON_FOR_EACH_KERNEL(AttentionS8Kernels, attention_s8_kernels());

}  // namespace
}  // namespace tenon::cpu
