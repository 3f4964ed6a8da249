// Filter and BatchReindex: which items of a batch go on.
#include "importers/caffe/layer_context.hpp"
#include "ops/cast.hpp"
#include "ops/compress.hpp"
#include "ops/gather.hpp"
#include "ops/reshape.hpp"

#include <fmt/format.h>

#include <limits>

namespace tenon::caffe {
namespace {

// The last bottom says which: not 0.
Values filter(LayerContext& layer) {
  constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();
  layer.require(2, kAnyNumber, 1, kAnyNumber);
  layer.parameters("filter_param").ignore({"need_back_prop"});
  if (layer.bottom_count() != layer.top_count() + 1) layer.fail("needs one more bottom than tops");
  const ValueId selector = layer.reshaped(layer.bottom(layer.top_count()), {-1});
  const ValueId chosen = layer.add(op::Cast{.to = DataType::boolean}, {selector});
  Values tops;
  for (std::size_t i = 0; i < layer.top_count(); ++i) {
    op::Compress compress;
    compress.axis = 0;
    tops.push_back(layer.add(compress, {layer.bottom(i), chosen}));
  }
  return tops;
}

Values batch_reindex(LayerContext& layer) {
  layer.require(2, 1);
  const ValueId indices = layer.add(op::Cast{.to = DataType::i64}, {layer.reshaped(layer.bottom(1), {-1})});
  return {layer.add(op::Gather{0}, {layer.bottom(0), indices})};
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_selection(caffe::Registry& registry) {
  registry.add("BatchReindex", caffe::batch_reindex);
  registry.add("Filter", caffe::filter);
}

}  // namespace tenon
