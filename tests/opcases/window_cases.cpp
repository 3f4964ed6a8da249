#include "opcases/case.hpp"
#include "ops/average_pool.hpp"
#include "ops/global_pool.hpp"
#include "ops/max_pool.hpp"
#include "ops/resize.hpp"

#include <fmt/format.h>

namespace tenon::test {
namespace {

template <class T>
T pool(std::vector<std::int64_t> kernel, std::vector<std::int64_t> stride, std::vector<std::int64_t> pad) {
  T op;
  op.kernel = std::move(kernel);
  op.stride = std::move(stride);
  op.pad = std::move(pad);
  return op;
}

template <class T>
void add_pools(std::vector<OpCase>& cases, const char* prefix) {
  const Dim n = symbol("N"), h = symbol("H"), w = symbol("W");
  const auto add = [&](const char* name, T op, Dims x, double length) {
    cases.push_back({fmt::format("{}_{}", prefix, name), std::move(op), {input(std::move(x))}, length});
  };
  add("halving", pool<T>({2, 2}, {2, 2}, {}), {n, 19, h, w}, 4);
  add("overlapping", pool<T>({3, 3}, {2, 2}, {1, 1, 1, 1}), {n, 32, h, w}, 9);
  T ceil = pool<T>({3, 2}, {2, 2}, {0, 1, 1, 0});
  ceil.ceil_mode = true;
  add("ceil", ceil, {n, 5, h, w}, 6);
  T same = pool<T>({3, 3}, {2, 1}, {});
  same.auto_pad = op::AutoPad::same_lower;
  add("same_lower", same, {n, 17, h, w}, 9);
  T dilated = pool<T>({2, 3}, {1, 1}, {});
  dilated.dilation = {2, 2};
  add("dilated", dilated, {n, 3, h, w}, 6);
  T dilated_padded = pool<T>({3, 3}, {1, 1}, {1, 1, 1, 1});
  dilated_padded.dilation = {2, 2};
  add("dilated_padded", dilated_padded, {n, 20, 9, 11}, 9);
  add("one_axis", pool<T>({3}, {2}, {1, 1}), {n, 6, w}, 3);
  add("three_axes", pool<T>({2, 2, 2}, {1, 2, 2}, {1, 0, 0, 0, 0, 0}), {n, 6, 4, h, w}, 8);
}

void add_resizes(std::vector<OpCase>& cases) {
  const Dim n = symbol("N"), h = symbol("H"), w = symbol("W");
  const auto add = [&](std::string name, op::Resize op, Dims x) {
    cases.push_back({"resize_" + std::move(name), std::move(op), {input(std::move(x))}, 4});
  };
  for (int mode = 0; mode < 2; ++mode) {
    for (int transform = 0; transform < 6; ++transform) {
      op::Resize op;
      op.mode = static_cast<op::ResizeMode>(mode);
      op.transform = static_cast<op::CoordinateTransform>(transform);
      op.nearest_mode = static_cast<op::NearestMode>(transform % 4);
      op.scales = transform % 2 == 0 ? std::vector<float>{1, 1, 2, 2} : std::vector<float>{1, 1, 1.5F, 0.5F};
      const bool whole = transform % 2 == 0;
      add(fmt::format("{}_{}", op::enum_names(op.mode)[static_cast<std::size_t>(mode)],
                      op::enum_names(op.transform)[static_cast<std::size_t>(transform)]),
          op, {n, 19, whole ? h : Dim(6), whole ? w : Dim(9)});
    }
  }
  op::Resize to_size;
  to_size.mode = op::ResizeMode::linear;
  to_size.axes = {2};
  to_size.sizes = {21};
  add("to_size", to_size, {n, 16, w});
  op::Resize by_operand;
  OpCase c{
      "resize_by_operand", by_operand, {input({n, 4, h, w}), absent(), absent(), integers({0, 0, 14, 6})}, 4};
  by_operand.axes = {2, 3};
  c.op = by_operand;
  c.operands[3] = integers({14, 6});
  cases.push_back(std::move(c));
}

}  // namespace

void add_window_cases(std::vector<OpCase>& cases) {
  add_pools<op::MaxPool>(cases, "max_pool");
  add_pools<op::AveragePool>(cases, "average_pool");
  op::AveragePool counting = pool<op::AveragePool>({3, 3}, {2, 2}, {1, 1, 1, 1});
  counting.count_include_pad = true;
  counting.ceil_mode = true;
  cases.push_back(
      {"average_pool_counting", counting, {input({symbol("N"), 19, symbol("H"), symbol("W")})}, 9});
  const Dims image{symbol("N"), 19, symbol("H"), symbol("W")};
  cases.push_back({"global_average_pool", op::GlobalAveragePool{}, {input(image)}, 169});
  cases.push_back({"global_max_pool", op::GlobalMaxPool{}, {input(image)}, 169});
  add_resizes(cases);
}

}  // namespace tenon::test
