#include "ops/col2im.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"
#include "base/check.hpp"

namespace tenon {
namespace ref {
namespace {

void run_col2im(const Op& op, const Call& call) {
  const auto& self = *op.as<op::Col2Im>();
  const Tensor& columns = call.in(0);
  Tensor& out = call.out();
  const std::vector<std::int64_t> image = to_integers(call.in(1));
  const std::vector<std::int64_t> block = to_integers(call.in(2));
  const auto entry = [](const std::vector<std::int64_t>& list, std::size_t i, std::int64_t otherwise) {
    return list.empty() ? otherwise : list[i];
  };
  // Number of block positions along each axis.
  Shape positions;
  for (std::size_t i = 0; i < image.size(); ++i) {
    const std::int64_t padded = image[i] + entry(self.pads, i, 0) + entry(self.pads, i + image.size(), 0);
    const std::int64_t span = entry(self.dilations, i, 1) * (block[i] - 1) + 1;
    positions.push_back(padded < span ? 0 : (padded - span) / entry(self.strides, i, 1) + 1);
  }
  const std::int64_t length = element_count(positions);
  TENON_REQUIRE(columns.shape()[2] == length, "col2im: {} columns, expected {} block positions",
                columns.shape()[2], length);

  const std::int64_t planes = out.shape()[0] * out.shape()[1];
  const std::int64_t plane_size = element_count(image);
  const std::vector<std::int64_t> strides = strides_of(image);
  const std::vector<double> values = to_doubles(columns);
  std::vector<double> sums(static_cast<std::size_t>(out.elements()), 0);
  std::size_t next = 0;
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    for_each_index(block, [&](std::span<const std::int64_t> offset) {
      for_each_index(positions, [&](std::span<const std::int64_t> position) {
        const double value = values[next++];
        std::int64_t target = plane * plane_size;
        for (std::size_t i = 0; i < image.size(); ++i) {
          const std::int64_t at = position[i] * entry(self.strides, i, 1) +
                                  offset[i] * entry(self.dilations, i, 1) - entry(self.pads, i, 0);
          if (at < 0 || at >= image[i]) return;
          target += at * strides[i];
        }
        sums[static_cast<std::size_t>(target)] += value;
      });
    });
  }
  store_doubles(sums, out);
}

}  // namespace
}  // namespace ref

void register_ref_col2im(ref::Registry& registry) { registry.add("col2im", ref::run_col2im); }

}  // namespace tenon
