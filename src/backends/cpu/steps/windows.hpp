// Window geometry from parameters that are not trusted yet.
#pragma once

#include "ops/window.hpp"
#include "plan/step.hpp"

#include <optional>
#include <span>
#include <vector>

namespace tenon::cpu {

// resolve_window for `kernel` over the spatial dims of x, after checking the fields; the output sizes have to
// be those of y. ModelError for anything that does not fit, or that is beyond a kernel's range.
std::vector<op::WindowAxis> resolve_checked(const op::WindowFields& fields, std::span<const std::int64_t> x,
                                            std::span<const std::int64_t> kernel,
                                            std::span<const std::int64_t> y);

// Lengths and signs of the fields, and the sizes of `kernel`.
void require_window(const op::WindowFields& fields, std::span<const std::int64_t> kernel);

// The rows of images that these windows see; nothing for other ranks, or where shapes decide the padding.
std::optional<RowWindow> rows_of_windows(const op::WindowFields& fields,
                                         std::span<const std::int64_t> kernel);

// Everything a kernel computes with stays in the range of int.
void require_in_range(const std::vector<op::WindowAxis>& axes);

}  // namespace tenon::cpu
