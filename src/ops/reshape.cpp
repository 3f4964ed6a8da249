#include "ops/reshape.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

namespace {

// Turns the entries of a shape operand into dims.
class Resolution {
 public:
  Resolution(const InferContext& context, const std::optional<Dims>& source, const Dims& shape,
             bool allow_zero)
      : context_(context), source_(source), allow_zero_(allow_zero) {
    if (source_) uncopied_.assign(source_->size(), true);
    for (std::size_t i = 0; i < shape.size(); ++i) dims_.push_back(entry(i, shape[i]));
    solve();
  }

  Dims dims() && { return std::move(dims_); }

 private:
  Dim entry(std::size_t i, const Dim& asked) {
    if (!asked.is_const()) {
      rest_.push_back(asked);
      return asked;
    }
    const std::int64_t number = asked.value();
    if (number == -1) {
      if (open_) context_.fail("the shape has more than one -1");
      open_ = i;
      return Dim::unknown();
    }
    if (number < 0) context_.fail(fmt::format("the shape has the negative dim {}", number));
    if (number > 0 || allow_zero_) {
      has_zero_ = has_zero_ || number == 0;
      rest_.push_back(asked);
      return asked;
    }
    if (!source_) return Dim::unknown();
    if (i >= source_->size()) {
      context_.fail(
          fmt::format("entry {} of the shape copies a dim, but the operand has rank {}", i, source_->size()));
    }
    uncopied_[i] = false;
    return (*source_)[i];
  }

  // Copied dims cancel on both sides, so they may be unknown.
  void solve() {
    if (open_ && allow_zero_ && has_zero_) context_.fail("the shape has both 0 and -1");
    if (!source_) return;
    Dims uncopied;
    for (std::size_t i = 0; i < uncopied_.size(); ++i) {
      if (uncopied_[i]) uncopied.push_back((*source_)[i]);
    }
    const Dim total = product(uncopied);
    if (!open_) {
      const Dim asked = product(rest_);
      // Where a copied dim is 0, the others do not matter.
      const bool empty = product(*source_).is_const(0) && product(dims_).is_const(0);
      if (!empty && total.is_const() && asked.is_const() && total.value() != asked.value()) fail_count();
      if (!total.is_unknown()) complete_single_unknown(total);
      return;
    }
    const Dim rest = product(rest_);
    if (rest.is_unknown() || total.is_unknown()) return;
    if (rest.is_const(0)) {
      if (!total.is_const(0)) fail_count();
      dims_[*open_] = 0;
      return;
    }
    if (const auto left = exact_div(total, rest)) {
      dims_[*open_] = *left;
    } else if (total.is_const() && rest.is_const()) {
      fail_count();
    } else {
      dims_[*open_] = floor_div(total, rest);
    }
  }

  // One entry computed in a way that cannot be followed is still determined by the number of elements.
  void complete_single_unknown(const Dim& total) {
    std::optional<std::size_t> unknown;
    for (std::size_t i = 0; i < dims_.size(); ++i) {
      if (!dims_[i].is_unknown() || (source_ && i < uncopied_.size() && !uncopied_[i])) continue;
      if (unknown) return;
      unknown = i;
    }
    if (!unknown) return;
    Dims known;
    for (const Dim& dim : rest_) {
      if (!dim.is_unknown()) known.push_back(dim);
    }
    const Dim divisor = product(known);
    if (divisor.is_const(0)) return;
    if (const auto left = exact_div(total, divisor)) dims_[*unknown] = *left;
  }

  void fail_count() const {
    std::vector<std::string> from;
    std::vector<std::string> to;
    for (const Dim& dim : *source_) from.push_back(dim.to_string());
    for (std::size_t i = 0; i < dims_.size(); ++i) to.push_back(open_ == i ? "-1" : dims_[i].to_string());
    context_.fail(fmt::format("[{}] cannot be reshaped to [{}]", fmt::join(from, ","), fmt::join(to, ",")));
  }

  const InferContext& context_;
  const std::optional<Dims>& source_;
  bool allow_zero_;
  bool has_zero_ = false;
  std::optional<std::size_t> open_;  // where the -1 is
  std::vector<bool> uncopied_;       // per source axis
  Dims rest_;                        // entries that are neither copied nor -1
  Dims dims_;
};

}  // namespace

std::vector<Inference> Reshape::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  const TensorType& data = plain_tensor(context, 0);
  const IntArgument shape = int_argument(context, "shape", std::optional<Ints>{}, 1);
  if (!shape.values) {
    if (!shape.count) return {moved(data, {})};
    return {moved(data, unknown_dims(static_cast<std::size_t>(*shape.count)))};
  }
  Dims dims = Resolution(context, data.dims, *shape.values, allow_zero).dims();
  auto value = dims.size() <= 1 ? known_value(context, 0) : std::nullopt;
  return {{moved(data, std::move(dims)), std::move(value)}};
}

}  // namespace op

void register_op_reshape(OpRegistry& registry) { registry.add<op::Reshape>(); }

}  // namespace tenon
