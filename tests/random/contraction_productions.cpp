// Convolutions and matrix products.
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/matmul.hpp"
#include "random/growing_graph.hpp"

#include <algorithm>
#include <array>

namespace tenon::test {
namespace {

constexpr int kInexact = Known::kInexact;

int sum_bits(int a, int b) { return a == kInexact || b == kInexact ? kInexact : a + b; }

// An image: [N, C, spatial…] with constant channels and spatial sizes, none of them empty.
std::optional<ValueId> pick_image(GrowingGraph& g) {
  return g.pick([&](ValueId id) {
    if (!g.is_float(id) || g.rank(id) < 3 || g.rank(id) > 5 || !g.constant_dims(id, 1)) return false;
    const Dims& dims = g.dims(id);
    return std::all_of(dims.begin() + 1, dims.end(), [](const Dim& dim) { return dim.value() > 0; });
  });
}

std::int64_t divisor(GrowingGraph& g, std::int64_t n) {
  std::vector<std::int64_t> divisors;
  for (std::int64_t d = 1; d <= n; ++d) {
    if (n % d == 0) divisors.push_back(d);
  }
  return divisors[g.below(static_cast<std::uint32_t>(divisors.size()))];
}

struct Geometry {
  std::vector<std::int64_t> kernel, stride, dilation, pad;
};

Geometry geometry(GrowingGraph& g, const Dims& image, bool fits) {
  const std::size_t axes = image.size() - 2;
  Geometry result;
  result.pad.resize(2 * axes);
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t size = image[i + 2].value();
    const std::int64_t dilation = g.one_in(4) ? 2 : 1;
    std::int64_t kernel = g.any_of<std::int64_t>({1, 2, 3, 3, 5});
    if (fits) kernel = std::min(kernel, (size - 1) / dilation + 1);
    result.kernel.push_back(kernel);
    result.dilation.push_back(dilation);
    result.stride.push_back(g.any_of<std::int64_t>({1, 1, 1, 2, 3}));
    if (g.one_in(2)) result.pad[i] = g.between(0, kernel - 1);
    if (g.one_in(2)) result.pad[i + axes] = g.between(0, kernel - 1);
    if (g.one_in(2)) result.pad[i] = result.pad[i + axes] = kernel / 2;
  }
  return result;
}

// bias or nothing, and what it adds to the magnitude.
std::pair<ValueId, double> bias(GrowingGraph& g, DataType dtype, std::int64_t channels, int fraction_bits) {
  if (g.one_in(3)) return {ValueId{}, 0};
  return {g.constant(dtype, {channels}, 1, fraction_bits == kInexact ? kInexact : 1), 1};
}

bool conv(GrowingGraph& g) {
  const auto x = pick_image(g);
  if (!x) return false;
  const Dims& dims = g.dims(*x);
  const Known known = g.known(*x);
  const std::int64_t channels = dims[1].value();
  op::Conv op;
  const Geometry window = geometry(g, dims, true);
  op.stride = window.stride;
  op.dilation = window.dilation;
  op.pad = window.pad;
  if (g.one_in(6)) op.auto_pad = g.any_of({op::AutoPad::same_upper, op::AutoPad::same_lower});
  op.group = g.one_in(2) ? 1 : g.one_in(2) ? channels : divisor(g, channels);
  const std::int64_t features = op.group * g.any_of<std::int64_t>({1, 1, 2, 3, 8});
  if (features > 48) return false;
  Shape shape = {features, channels / op.group};
  double terms = static_cast<double>(channels / op.group);
  for (const std::int64_t k : window.kernel) {
    shape.push_back(k);
    terms *= static_cast<double>(k);
  }
  const int weight_bits = known.exact() && g.one_in(2) ? 1 : kInexact;
  const ValueId weights = g.constant(g.dtype(*x), shape, 1, weight_bits);
  const auto [offset, more] = bias(g, g.dtype(*x), features, weight_bits);
  int bits = sum_bits(known.fraction_bits, weight_bits);
  if (bits != kInexact) bits = std::max(bits, 1);
  const double sum = terms * known.magnitude + more;
  std::vector<ValueId> operands = {*x, weights};
  if (offset.valid()) operands.push_back(offset);
  g.add(op, operands, sum, sum, terms * known.error, bits, terms);
  return true;
}

bool conv_transpose(GrowingGraph& g) {
  const auto x = pick_image(g);
  if (!x || g.rank(*x) > 4) return false;
  const Dims& dims = g.dims(*x);
  const Known known = g.known(*x);
  const std::int64_t channels = dims[1].value();
  const Geometry window = geometry(g, dims, false);
  op::ConvTranspose op;
  op.stride = window.stride;
  op.dilation = window.dilation;
  op.group = g.one_in(2) ? 1 : divisor(g, channels);
  const std::int64_t per_group = g.any_of<std::int64_t>({1, 2, 3, 8});
  if (per_group * op.group > 32) return false;
  op.pad = window.pad;
  op.output_padding.resize(window.kernel.size());
  Shape shape = {channels, per_group};
  double terms = static_cast<double>(channels / op.group);
  for (std::size_t i = 0; i < window.kernel.size(); ++i) {
    const std::int64_t size =
        (dims[i + 2].value() - 1) * op.stride[i] + (window.kernel[i] - 1) * op.dilation[i] + 1;
    if (size <= op.pad[i] + op.pad[i + window.kernel.size()]) return false;
    if (g.one_in(3)) op.output_padding[i] = g.between(0, std::max(op.stride[i], op.dilation[i]) - 1);
    shape.push_back(window.kernel[i]);
    terms *= static_cast<double>(window.kernel[i]);
  }
  const int weight_bits = known.exact() && g.one_in(2) ? 1 : kInexact;
  const ValueId weights = g.constant(g.dtype(*x), shape, 1, weight_bits);
  const auto [offset, more] = bias(g, g.dtype(*x), per_group * op.group, weight_bits);
  int bits = sum_bits(known.fraction_bits, weight_bits);
  if (bits != kInexact) bits = std::max(bits, 1);
  const double sum = terms * known.magnitude + more;
  std::vector<ValueId> operands = {*x, weights};
  if (offset.valid()) operands.push_back(offset);
  g.add(op, operands, sum, sum, terms * known.error, bits, terms);
  return true;
}

bool matmul_constant(GrowingGraph& g) {
  const auto x =
      g.pick([&](ValueId id) { return g.is_float(id) && g.rank(id) >= 1 && g.dims(id).back().is_const(); });
  if (!x) return false;
  const Known known = g.known(*x);
  const std::int64_t depth = g.dims(*x).back().value();
  const std::int64_t columns = g.any_of<std::int64_t>({1, 2, 5, 8, 16, 17, 33});
  op::MatMul op;
  op.transpose_b = g.one_in(2);
  if (g.one_in(6)) op.alpha = 0.5F;
  const int weight_bits = known.exact() && g.one_in(2) ? 1 : kInexact;
  const ValueId weights =
      g.constant(g.dtype(*x), op.transpose_b ? Shape{columns, depth} : Shape{depth, columns}, 1, weight_bits);
  std::vector<ValueId> operands = {*x, weights};
  const auto [offset, more] = bias(g, g.dtype(*x), columns, weight_bits);
  if (offset.valid()) operands.push_back(offset);
  int bits = sum_bits(known.fraction_bits, weight_bits);
  if (bits != kInexact) bits = std::max(bits, 1) + 1;
  const auto terms = static_cast<double>(depth);
  const double sum = terms * known.magnitude + more;
  g.add(op, operands, sum, sum, terms * known.error, bits, terms);
  return true;
}

// x · yᵀ and xᵀ · y of two values with the same dims.
bool matmul_values(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) { return g.is_float(id) && g.rank(id) >= 2; });
  if (!x) return false;
  const auto y = g.pick([&](ValueId id) { return g.dtype(id) == g.dtype(*x) && g.dims(id) == g.dims(*x); });
  if (!y) return false;
  const Known a = g.known(*x), b = g.known(*y);
  op::MatMul op;
  (g.one_in(2) ? op.transpose_a : op.transpose_b) = true;
  const auto terms = static_cast<double>(g.most(g.dims(*x)[g.dims(*x).size() - (op.transpose_a ? 2 : 1)]));
  const double sum = terms * a.magnitude * b.magnitude;
  g.add(op, {*x, *y}, sum, sum, terms * (a.error * b.magnitude + b.error * a.magnitude + a.error * b.error),
        sum_bits(a.fraction_bits, b.fraction_bits), terms);
  return true;
}

constexpr std::array kProductions = {
    Production{"conv", conv},
    Production{"conv", conv},
    Production{"conv", conv},
    Production{"conv_transpose", conv_transpose},
    Production{"matmul by a constant", matmul_constant},
    Production{"matmul by a constant", matmul_constant},
    Production{"matmul of values", matmul_values},
};

}  // namespace

std::span<const Production> contraction_productions() { return kProductions; }

}  // namespace tenon::test
