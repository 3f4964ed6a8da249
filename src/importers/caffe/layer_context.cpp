#include "importers/caffe/layer_context.hpp"

#include "base/text.hpp"
#include "importers/caffe/importer.hpp"
#include "ops/binary.hpp"
#include "ops/reshape.hpp"
#include "ops/shape.hpp"
#include "ops/unary.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>

namespace tenon::caffe {

void LayerContext::fail(const std::string& reason) const { throw ModelError(reason); }

void LayerContext::require(std::size_t min_bottoms, std::size_t max_bottoms, std::size_t min_tops,
                           std::size_t max_tops) const {
  const auto check = [&](std::string_view what, std::size_t found, std::size_t min, std::size_t max) {
    if (found >= min && found <= max) return;
    const std::string expected = min == max ? fmt::format("{}", min)
                                 : max == std::numeric_limits<std::size_t>::max()
                                     ? fmt::format("{} or more", min)
                                     : fmt::format("{} to {}", min, max);
    fail(fmt::format("has {} {}, expected {}", found, what, expected));
  };
  check("bottoms", bottoms_.size(), min_bottoms, max_bottoms);
  check("tops", def_.tops.size(), min_tops, max_tops);
}

const Dims& LayerContext::dims(ValueId id) const {
  const auto& known = importer_.graph().type(id).as_tensor().dims;
  if (!known) fail("the rank of a bottom is not known");
  return *known;
}

std::int64_t LayerContext::axis(std::int64_t axis, std::int64_t rank) const {
  if (axis < -rank || axis >= rank) fail(fmt::format("axis {} is outside of [{}, {})", axis, -rank, rank));
  return axis < 0 ? axis + rank : axis;
}

void LayerContext::require_axes(std::int64_t begin, std::int64_t end, std::int64_t rank) const {
  if (begin <= end && end <= rank) return;
  fail(fmt::format("needs {} axes or more, found {}", std::max(begin, end), rank));
}

std::int64_t LayerContext::fixed(ValueId id, std::int64_t axis) const {
  return fixed_product(id, axis, axis + 1);
}

std::int64_t LayerContext::fixed_product(ValueId id, std::int64_t begin, std::int64_t end) const {
  const Dims& all = dims(id);
  require_axes(begin, end, rank(id));
  const Dim result = product(Dims(all.begin() + begin, all.begin() + end));
  if (!result.is_const()) {
    fail(fmt::format("needs fixed sizes from axis {} to {}, found {}", begin, end - 1, result.to_string()));
  }
  return result.value();
}

std::size_t LayerContext::choice(const Message& fields, std::string_view name,
                                 std::initializer_list<std::string_view> names, std::size_t otherwise) const {
  const auto found = fields.find_word(name);
  if (!found) return otherwise;
  const auto place = std::find(names.begin(), names.end(), *found);
  if (place == names.end()) fail(fmt::format("field '{}' has the value {}", name, quote(*found)));
  return static_cast<std::size_t>(place - names.begin());
}

Tensor LayerContext::blob(std::size_t index, const Shape& shape, const Filler& filler) const {
  return importer_.blob(def_, index, shape, filler);
}

void LayerContext::charge(std::int64_t numbers) const { importer_.charge(numbers); }

Graph& LayerContext::graph() noexcept { return importer_.graph(); }

ValueId LayerContext::scalar(float value) {
  return constant(Tensor::of<float>({}, std::span<const float>(&value, 1)));
}

ValueId LayerContext::integers(const Ints& values) {
  return constant(Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
}

ValueId LayerContext::binary(PointwiseFn fn, ValueId a, ValueId b) { return add(op::binary(fn), {a, b}); }

ValueId LayerContext::unary(PointwiseFn fn, ValueId x) { return add(op::unary(fn), {x}); }

ValueId LayerContext::scaled(ValueId x, float factor) {
  return factor == 1 ? x : binary(PointwiseFn::mul, x, scalar(factor));
}

ValueId LayerContext::shifted(ValueId x, float offset) {
  return offset == 0 ? x : binary(PointwiseFn::add, x, scalar(offset));
}

ValueId LayerContext::reshaped(ValueId x, const Ints& shape) {
  return add(op::Reshape{}, {x, integers(shape)});
}

ValueId LayerContext::shape_of(ValueId x, std::int64_t begin, std::int64_t end) {
  const Dims& all = dims(x);
  require_axes(begin, end, rank(x));
  Ints known;
  for (std::int64_t i = begin; i < end; ++i) {
    const Dim& dim = all[static_cast<std::size_t>(i)];
    if (!dim.is_const()) return add(op::ShapeOf{.start = begin, .end = end}, {x});
    known.push_back(dim.value());
  }
  return integers(known);
}

ValueId LayerContext::add_input(std::size_t top, const Ints* shape) {
  return importer_.add_input(def_.tops[top], shape);
}

}  // namespace tenon::caffe
