// reorder(data) → the same tensor in another physical layout (internal: placed where layouts are chosen).
// Blocked axes are zero-padded up to a multiple of their block.
//
//   from, to   Layout texts, "" for plain row-major: "nhwc", "nchw16c", "(0,1,2,3|1:16)"; a value of f32 may
//              be stored as bf16 or f16 on either side: ":bf16", "nchw16c:f16"
//   extents    logical extents of the blocked axes of `from`, in order of first appearance in its blocks:
//              what cannot be read off the stored array. May be left out when nothing is padded.
//
// Inference takes an operand whose type has the layout `from` and gives a result whose type has the layout
// `to`. Evaluation works on stored arrays: a tensor of layout L is held as a plain one of the shape
// L.physical_dims(dims), of the stored element type, and an operand of plain type is taken as that when
// `from` is not plain.
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Reorder {
  static constexpr std::string_view kName = "reorder";

  std::string from{};
  std::string to{};
  std::optional<std::vector<std::int64_t>> extents{};

  static constexpr auto fields() {
    return std::make_tuple(field("from", &Reorder::from), field("to", &Reorder::to),
                           field("extents", &Reorder::extents));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

// The logical dims of a stored array of that layout; `extents` as above. ModelError when they do not fit.
Dims logical_dims(const Layout& layout, const Dims& stored,
                  const std::optional<std::vector<std::int64_t>>& extents);

}  // namespace tenon::op
