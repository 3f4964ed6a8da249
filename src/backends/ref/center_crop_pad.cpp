#include "backends/ref/elements.hpp"

namespace tenon {
namespace ref {
namespace {

void run_center_crop_pad(const Op&, const Call& call) {
  const Tensor& data = call.in(0);
  Tensor& out = call.out();
  // Position of out's origin on each axis of data; negative where data is padded.
  std::vector<std::int64_t> origin;
  for (std::size_t i = 0; i < data.shape().size(); ++i) {
    const std::int64_t difference = data.shape()[i] - out.shape()[i];
    origin.push_back(difference >= 0 ? difference / 2 : -(-difference / 2));
  }
  const std::vector<std::int64_t> strides = strides_of(data.shape());
  clear(out);
  gather_into(out, data, [&](auto index) {
    std::int64_t source = 0;
    for (std::size_t i = 0; i < index.size(); ++i) {
      const std::int64_t position = index[i] + origin[i];
      if (position < 0 || position >= data.shape()[i]) return std::int64_t{-1};
      source += position * strides[i];
    }
    return source;
  });
}

}  // namespace
}  // namespace ref

void register_ref_center_crop_pad(ref::Registry& registry) {
  registry.add("center_crop_pad", ref::run_center_crop_pad);
}

}  // namespace tenon
