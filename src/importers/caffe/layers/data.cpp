// Where a network begins: Input, the layers that read data, which become inputs, and constants.
#include "importers/caffe/layer_context.hpp"
#include "ops/constant_of_shape.hpp"

#include <fmt/format.h>

namespace tenon::caffe {
namespace {

constexpr std::size_t kMaxDataAxes = 32;

Ints read_shape(const LayerContext& layer, const Message& fields) {
  Ints shape = fields.integers("dim");
  if (shape.size() > kMaxDataAxes) layer.fail(fmt::format("a shape has {} axes", shape.size()));
  return shape;
}

// An input for every top that is needed; `shapes` has one for each top, or one for all, or none.
Values inputs(LayerContext& layer, const std::vector<Ints>& shapes) {
  layer.require(0, 0, 1, static_cast<std::size_t>(-1));
  if (shapes.size() > 1 && shapes.size() != layer.top_count())
    layer.fail(fmt::format("{} shapes for {} tops", shapes.size(), layer.top_count()));
  Values tops;
  for (std::size_t i = 0; i < layer.top_count(); ++i) {
    const Ints* shape = shapes.empty() ? nullptr : &shapes[shapes.size() == 1 ? 0 : i];
    tops.push_back(layer.wants(i) ? layer.add_input(i, shape) : ValueId{});
  }
  return tops;
}

Values input(LayerContext& layer) {
  std::vector<Ints> shapes;
  for (const Message* shape : layer.parameters("input_param").messages("shape"))
    shapes.push_back(read_shape(layer, *shape));
  return inputs(layer, shapes);
}

// What they read, and how they prepare it, is the caller's business here.
template <const char* const& name>
Values data(LayerContext& layer) {
  layer.def().fields->message(name).ignore_all();
  layer.def().fields->ignore({"annotated_data_param", "data_param"});
  return inputs(layer, {});
}

Values memory_data(LayerContext& layer) {
  const Message& fields = layer.parameters("memory_data_param");
  const std::int64_t batch = fields.integer("batch_size", 1);
  const Ints images{batch, fields.integer("channels", 1), fields.integer("height", 1),
                    fields.integer("width", 1)};
  return inputs(layer, {images, {batch}});
}

// A constant where its filler is one, else random numbers: an input.
Values dummy_data(LayerContext& layer) {
  layer.require(0, 0, 1, static_cast<std::size_t>(-1));
  const Message& fields = layer.parameters("dummy_data_param");
  std::vector<Ints> shapes;
  for (const Message* shape : fields.messages("shape")) shapes.push_back(read_shape(layer, *shape));
  const Ints num = fields.integers("num");
  const Ints channels = fields.integers("channels");
  const Ints height = fields.integers("height");
  const Ints width = fields.integers("width");
  if (num.size() != channels.size() || num.size() != height.size() || num.size() != width.size())
    layer.fail("'num', 'channels', 'height' and 'width' are not given equally often");
  for (std::size_t i = 0; i < num.size(); ++i) shapes.push_back({num[i], channels[i], height[i], width[i]});
  const auto fillers = fields.messages("data_filler");
  const std::size_t tops = layer.top_count();
  if (shapes.empty() || (shapes.size() != 1 && shapes.size() != tops))
    layer.fail(fmt::format("{} shapes for {} tops", shapes.size(), tops));
  if (fillers.size() > 1 && fillers.size() != tops)
    layer.fail(fmt::format("{} fillers for {} tops", fillers.size(), tops));
  Values values;
  for (std::size_t i = 0; i < tops; ++i) {
    const Ints& shape = shapes[shapes.size() == 1 ? 0 : i];
    const Filler filler =
        read_filler(fillers.empty() ? nullptr : fillers[fillers.size() == 1 ? 0 : i], Filler::constant(0));
    if (!layer.wants(i)) {
      values.emplace_back();
    } else if (filler.type == "constant") {
      op::ConstantOfShape constant;
      constant.value = fill(filler, {}, 0);
      values.push_back(layer.add(std::move(constant), {layer.integers(shape)}));
    } else {
      values.push_back(layer.add_input(i, &shape));
    }
  }
  return values;
}

Values parameter(LayerContext& layer) {
  layer.require(0, 1);
  const Shape shape = read_shape(layer, layer.parameters("parameter_param").message("shape"));
  return {layer.constant(layer.blob(0, shape, Filler::constant(0)))};
}

constexpr const char* const kData = "data_param";
constexpr const char* const kImageData = "image_data_param";
constexpr const char* const kHdf5Data = "hdf5_data_param";
constexpr const char* const kWindowData = "window_data_param";

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_data(caffe::Registry& registry) {
  using caffe::Role;
  registry.add("AnnotatedData", {caffe::data<caffe::kData>, Role::source});
  registry.add("Data", {caffe::data<caffe::kData>, Role::source});
  registry.add("DummyData", {caffe::dummy_data, Role::source});
  registry.add("HDF5Data", {caffe::data<caffe::kHdf5Data>, Role::source});
  registry.add("ImageData", {caffe::data<caffe::kImageData>, Role::source});
  registry.add("Input", {caffe::input, Role::source});
  registry.add("MemoryData", {caffe::memory_data, Role::source});
  registry.add("Parameter", caffe::parameter);
  registry.add("WindowData", {caffe::data<caffe::kWindowData>, Role::source});
}

}  // namespace tenon
