#include "opcases/case.hpp"
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/matmul.hpp"
#include "ops/matmul_max.hpp"

#include <fmt/format.h>

namespace tenon::test {
namespace {

const char* const kAddRelu = "(2) %2 = add %0 %1; %3 = relu %2";
const char* const kClip = "(1) %1 = clip[0.25,0.75] %0";

struct ConvSpec {
  const char* name;
  std::int64_t channels, filters, group;
  std::vector<std::int64_t> kernel, stride, pad, dilation;
  bool symbolic = false;
  const char* epilogue = nullptr;
  bool bias = true;
  bool computed = false;  // filter and bias
  op::AutoPad auto_pad = op::AutoPad::explicit_pads;
};

std::vector<ConvSpec> conv_specs() {
  using enum op::AutoPad;
  return {
      {"first_layer", 3, 20, 1, {7, 7}, {2, 2}, {3, 3, 3, 3}, {}},
      {"pointwise", 32, 48, 1, {1, 1}, {}, {}, {}, true, kAddRelu},
      {"odd_channels", 19, 37, 1, {3, 3}, {1, 1}, {1, 1, 1, 1}, {}, true, kClip},
      {"strided", 16, 16, 1, {3, 3}, {2, 2}, {0, 0, 1, 1}, {}, true, nullptr, false},
      {"winograd_few_channels", 1, 3, 1, {3, 3}, {1, 1}, {0, 2, 1, 0}, {}, true, kClip},
      {"winograd_residual", 33, 70, 1, {3, 3}, {1, 1}, {1, 1, 1, 1}, {}, true, kAddRelu},
      {"winograd_5x5", 20, 18, 1, {5, 5}, {1, 1}, {2, 2, 2, 2}, {}, true, kAddRelu, false},
      {"dilated", 17, 5, 1, {3, 3}, {1, 1}, {2, 2, 2, 2}, {2, 2}, true, "(1) %1 = leaky_relu[0.1] %0"},
      {"same_upper", 9, 16, 1, {4, 3}, {2, 2}, {}, {}, true, nullptr, true, false, same_upper},
      {"grouped", 12, 8, 4, {3, 3}, {}, {1, 1, 1, 1}, {}, true, kAddRelu},
      {"grouped_blocks", 64, 32, 2, {3, 3}, {}, {1, 1, 1, 1}, {}},
      {"silu", 3, 20, 1, {3, 3}, {2, 2}, {1, 1, 1, 1}, {}, true, "(1) %1 = silu %0"},
      {"sigmoid", 24, 37, 1, {1, 1}, {}, {}, {}, true, "(1) %1 = sigmoid %0"},
      {"depthwise_hard_swish", 20, 20, 20, {5, 5}, {}, {2, 2, 2, 2}, {}, true, "(1) %1 = hard_swish %0"},
      {"affine_activation",
       20,
       20,
       1,
       {3, 3},
       {},
       {1, 1, 1, 1},
       {},
       true,
       "(2) %2 = add %1 %0; %3 = hard_swish %2; %4 = const 0.5; %5 = mul %4 %3; %6 = const -0.25; %7 = sub "
       "%5 %6"},
      {"grouped_parts_of_blocks", 32, 64, 8, {3, 3}, {}, {1, 1, 1, 1}, {}, true, kAddRelu},
      {"grouped_many", 12, 24, 12, {3, 3}, {}, {1, 1, 1, 1}, {}, true, kClip},
      {"three_axes", 5, 18, 1, {3, 2, 3}, {1, 2, 2}, {1, 0, 1, 1, 1, 1}, {2, 1, 1}},
      {"three_axes_grouped", 6, 10, 2, {1, 3, 3}, {}, {0, 1, 1, 0, 1, 1}, {}, true, kAddRelu},
      {"computed_filter", 7, 9, 1, {3, 3}, {2, 2}, {1, 1, 1, 1}, {}, true, kClip, true, true},
      {"computed_filter_alone", 6, 20, 2, {3, 3}, {}, {1, 1, 1, 1}, {}, true, kAddRelu, false, true},
      {"depthwise", 20, 20, 20, {3, 3}, {1, 1}, {1, 1, 1, 1}, {}, true, kClip},
      {"depthwise_strided", 32, 32, 32, {5, 5}, {2, 2}, {2, 2, 2, 2}, {}, true, kAddRelu},
      {"one_axis", 6, 10, 1, {3}, {2}, {1, 1}, {}, true},
      {"one_axis_depthwise", 24, 24, 24, {5}, {}, {2, 2}, {}, true},
  };
}

void add_conv(std::vector<OpCase>& cases, const ConvSpec& s) {
  op::Conv conv;
  conv.stride = s.stride;
  conv.pad = s.pad;
  conv.dilation = s.dilation;
  conv.group = s.group;
  conv.auto_pad = s.auto_pad;
  if (s.epilogue != nullptr) conv.epilogue = PointwiseProgram::parse(s.epilogue);
  Dims x{symbol("N"), s.channels}, w{s.filters, s.channels / s.group};
  double length = static_cast<double>(s.channels / s.group);
  const bool two = s.kernel.size() >= 2;
  if (s.kernel.size() == 3) x.push_back(6);
  x.push_back(two ? (s.symbolic ? symbol("H") : Dim(13)) : (s.symbolic ? symbol("W") : Dim(17)));
  if (two) x.push_back(s.symbolic ? symbol("W") : Dim(17));
  for (std::int64_t k : s.kernel) {
    w.push_back(k);
    length *= static_cast<double>(k);
  }
  const auto constant = [&s](Dims dims) {
    return s.computed ? input(std::move(dims)) : weight(std::move(dims));
  };
  OpCase c{fmt::format("conv_{}", s.name), conv, {input(x), constant(w)}, length};
  c.operands.push_back(s.bias ? constant({s.filters}) : absent());
  if (conv.epilogue.inputs == 2) {
    // Same padding and stride 1 in all cases with a residual but one, which halves.
    Dims y = x;
    y[1] = s.filters;
    if (!s.stride.empty() && s.stride[0] == 2) {
      for (std::size_t i = 2; i < y.size(); ++i) y[i] = floor_div(y[i] + Dim(-1), Dim(2)) + Dim(1);
    }
    c.operands.push_back(input(y));
  }
  cases.push_back(std::move(c));
}

void add_conv_transpose(std::vector<OpCase>& cases) {
  op::ConvTranspose doubling;
  doubling.stride = {2, 2};
  doubling.pad = {1, 1, 1, 1};
  cases.push_back({"conv_transpose_doubling",
                   doubling,
                   {input({symbol("N"), 20, symbol("H"), symbol("W")}), weight({20, 7, 4, 4}), weight({7})},
                   20 * 4});
  op::ConvTranspose apart;
  apart.stride = {2, 3};
  cases.push_back({"conv_transpose_apart",
                   apart,
                   {input({symbol("N"), 37, symbol("H"), symbol("W")}), weight({37, 35, 2, 3}), weight({35})},
                   37});
  op::ConvTranspose odd;
  odd.stride = {3, 2};
  odd.output_padding = {1, 0};
  odd.dilation = {1, 2};
  odd.epilogue = PointwiseProgram::parse("(1) %1 = relu %0");
  cases.push_back(
      {"conv_transpose_odd", odd, {input({2, 16, 5, 6}), weight({16, 33, 3, 2}), absent()}, 16 * 6});
  op::ConvTranspose grouped;
  grouped.group = 2;
  grouped.stride = {2};
  cases.push_back({"conv_transpose_grouped",
                   grouped,
                   {input({symbol("N"), 32, symbol("W")}), weight({32, 16, 3}), weight({32})},
                   16 * 3});
}

void add_matmul(std::vector<OpCase>& cases, const char* name, op::MatMul op, CaseOperand a, CaseOperand b,
                double length, std::vector<CaseOperand> more = {}) {
  OpCase c{fmt::format("matmul_{}", name), op, {std::move(a), std::move(b)}, length};
  c.operands.insert(c.operands.end(), more.begin(), more.end());
  cases.push_back(std::move(c));
}

}  // namespace

void add_contraction_cases(std::vector<OpCase>& cases) {
  // Groups that share a part, groups that are cut into parts, and no epilogue at all.
  op::MatMulMax largest;
  largest.epilogue = PointwiseProgram::parse("(1) %1 = relu %0");
  cases.push_back({"matmul_max_small_groups",
                   largest,
                   {input({symbol("N"), 7, 10}), weight({10, 37}), weight({37})},
                   10});
  cases.push_back({"matmul_max_large_groups",
                   op::MatMulMax{false, {}},
                   {input({symbol("N"), 3, 211, 6}), weight({6, 21})},
                   6});

  for (const ConvSpec& spec : conv_specs()) add_conv(cases, spec);
  add_conv_transpose(cases);

  const Dim n = symbol("N"), s = symbol("S");
  op::MatMul plain, ta, tb, scaled, fused, gelu;
  ta.transpose_a = true;
  tb.transpose_b = true;
  scaled.alpha = 0.125F;
  fused.transpose_b = true;
  fused.alpha = 0.5F;
  fused.epilogue = PointwiseProgram::parse(kAddRelu);
  gelu.transpose_b = true;
  gelu.epilogue = PointwiseProgram::parse("(1) %1 = gelu %0");
  add_matmul(cases, "gelu", gelu, input({n, s, 31}), weight({40, 31}), 31, {weight({40})});
  add_matmul(cases, "dense", tb, input({n, 70}), weight({33, 70}), 70, {weight({33})});
  add_matmul(cases, "fused", fused, input({n, s, 31}), weight({40, 31}), 31,
             {weight({40}), input({n, s, 40})});
  add_matmul(cases, "scaled_constant", scaled, input({n, s, 300}), weight({300, 18}), 300);
  add_matmul(
      cases, "attention_scores",
      [&] {
        op::MatMul m = tb;
        m.alpha = 0.25F;
        return m;
      }(),
      input({n, 4, s, 24}), input({n, 4, s, 24}), 24);
  add_matmul(cases, "attention_values", plain, input({n, 4, s, s}), input({n, 4, s, 24}), 70);
  add_matmul(cases, "transposed_rows", ta, input({n, 23, s}), weight({23, 9}), 23);
  add_matmul(cases, "one_matrix_for_all", plain, input({1, s, 12}), input({n, 12, 17}), 12);
  add_matmul(cases, "batch_of_constants", plain, input({3, s, 12}), weight({3, 12, 17}), 12);
  add_matmul(cases, "row", plain, input({40}), input({n, 40, 16}), 40);
  add_matmul(cases, "column", plain, input({n, s, 40}), weight({40}), 40);
  add_matmul(cases, "dot", plain, input({s}), input({s}), 70);
  add_matmul(
      cases, "both_transposed",
      [&] {
        op::MatMul m = ta;
        m.transpose_b = true;
        return m;
      }(),
      input({19, s}), input({21, 19}), 19);
}

}  // namespace tenon::test
