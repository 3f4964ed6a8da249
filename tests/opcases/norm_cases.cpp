#include "opcases/case.hpp"
#include "ops/arg_extreme.hpp"
#include "ops/batch_norm.hpp"
#include "ops/group_norm.hpp"
#include "ops/instance_norm.hpp"
#include "ops/layer_norm.hpp"
#include "ops/lrn.hpp"
#include "ops/quantized_norm.hpp"
#include "ops/reduce.hpp"
#include "ops/rms_norm.hpp"
#include "ops/softmax.hpp"

#include <fmt/format.h>

namespace tenon::test {
namespace {

template <class T>
void add_softmax(std::vector<OpCase>& cases, const char* name) {
  const Dim n = symbol("N"), s = symbol("S");
  cases.push_back({fmt::format("{}_last", name), T{-1}, {input({n, 4, s, s}, -5, 5)}, 70});
  cases.push_back(
      {fmt::format("{}_channels", name), T{1}, {input({n, 21, symbol("H"), symbol("W")}, -5, 5)}, 21});
  cases.push_back({fmt::format("{}_first", name), T{0}, {input({s, 3}, -5, 5)}, 70});
}

void add_reductions(std::vector<OpCase>& cases) {
  const Dim n = symbol("N"), h = symbol("H"), w = symbol("W"), s = symbol("S");
  for (int i = 0; i < op::kReduceFnCount; ++i) {
    op::Reduce op;
    op.fn = static_cast<op::ReduceFn>(i);
    const std::string name(op::name(op.fn));
    const bool is_log = op.fn == op::ReduceFn::log_sum;
    const double low = is_log ? 0.5 : -1.2, high = is_log ? 2 : 1.2;
    op.axes = {2, 3};
    cases.push_back({name + "_spatial", op, {input({n, 19, h, w}, low, high)}, 169});
    op.axes = {-1};
    op.keep_dims = false;
    cases.push_back({name + "_last", op, {input({n, 3, s}, low, high)}, 70});
    op.axes = {1};
    cases.push_back({name + "_middle", op, {input({n, s, 33}, low, high)}, 70});
    op.axes = {};
    cases.push_back({name + "_by_operand", op, {input({n, s}, low, high), integers({0})}, 5});
  }
  op::Reduce all;
  cases.push_back({"reduce_sum_all", all, {input({n, s, 2})}, 700});
  for (const bool last : {false, true}) {
    op::ArgMax most;
    op::ArgMin least;
    most.axis = last ? -1 : 1;
    least.axis = most.axis;
    most.select_last = least.select_last = last;
    const CaseOperand x = last ? input({n, 3, s}) : input({n, 11, h, w});
    cases.push_back({fmt::format("arg_max_{}", last ? "row" : "channels"), most, {x}});
    cases.push_back({fmt::format("arg_min_{}", last ? "row" : "channels"), least, {x}});
  }
}

}  // namespace

void add_norm_cases(std::vector<OpCase>& cases) {
  const Dim images = symbol("N"), rows = symbol("H"), columns = symbol("W");
  cases.push_back({"lrn", op::Lrn{5, 0.5F, 0.75F, 2}, {input({images, 19, rows, columns}, -3, 3)}, 5});
  cases.push_back({"lrn_even", op::Lrn{4, 0.1F, 0.6F, 1}, {input({images, 3, symbol("S")}, -3, 3)}, 4});
  cases.push_back({"lrn_wide", op::Lrn{9, 0.1F, 0.75F, 1}, {input({images, 2, 3})}, 2});
  add_softmax<op::Softmax>(cases, "softmax");
  add_softmax<op::LogSoftmax>(cases, "log_softmax");
  const Dim n = symbol("N"), h = symbol("H"), w = symbol("W"), s = symbol("S");
  const Dims image{n, 20, h, w};
  cases.push_back({"batch_norm_image",
                   op::BatchNorm{},
                   {input(image), weight({20}), weight({20}), weight({20}), weight({20}, 0.5, 2)},
                   4});
  cases.push_back({"batch_norm_vector",
                   op::BatchNorm{},
                   {input({n, 20}), weight({20}), weight({20}), weight({20}), weight({20}, 0.5, 2)},
                   4});
  cases.push_back(
      {"instance_norm_image", op::InstanceNorm{}, {input(image), weight({20}), weight({20})}, 169});
  op::GroupNorm groups;
  groups.num_groups = 4;
  cases.push_back({"group_norm_by_channel", groups, {input(image), weight({20}), weight({20})}, 845});
  cases.push_back({"group_norm_by_group", groups, {input(image), weight({4}), weight({4})}, 845});
  cases.push_back({"layer_norm_last", op::LayerNorm{}, {input({n, s, 48}), weight({48}), weight({48})}, 48});
  op::LayerNorm two;
  two.axis = 1;
  cases.push_back({"layer_norm_two_axes", two, {input({n, 7, 9}), weight({7, 9}), absent()}, 63});
  cases.push_back({"layer_norm_bare", op::LayerNorm{}, {input({s, 50})}, 50});
  cases.push_back({"rms_norm_last", op::RmsNorm{}, {input({n, s, 48}), weight({48})}, 48});
  // Floats on the edge between two integers may become either, and so may a zero point.
  const auto rounded = [](bool dynamic, bool floats) {
    op::QuantizedNorm norm;
    norm.dynamic = dynamic;
    norm.floats = floats;
    norm.y_scale = 0.02F;
    norm.y_zero = -5;
    return norm;
  };
  const std::vector<CaseOperand> operands = {input({n, s, 48}), weight({48}), weight({48})};
  cases.push_back({"quantized_norm_bytes", rounded(false, false), operands, 48, 0, 1});
  cases.push_back({"quantized_norm_floats", rounded(false, true), operands, 48, 0, 1});
  cases.push_back({"quantized_norm_dynamic", rounded(true, false), operands, 48, 0, 2});
  cases.push_back({"quantized_norm_dynamic_floats", rounded(true, true), {input({s, 50})}, 50, 0, 2});
  op::QuantizedNorm rms = rounded(false, false);
  rms.center = false;
  rms.output_dtype = DataType::u8;
  rms.y_zero = 120;
  cases.push_back({"quantized_norm_rms", rms, {input({n, s, 48}), weight({48})}, 48, 0, 1});
  add_reductions(cases);
}

}  // namespace tenon::test
