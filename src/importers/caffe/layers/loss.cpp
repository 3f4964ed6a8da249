// Layers for training and testing: left out, but for those that also say what a prediction is.
#include "importers/caffe/layer_context.hpp"
#include "ops/softmax.hpp"

namespace tenon::caffe {
namespace {

Values softmax_with_loss(LayerContext& layer) {
  layer.require(1, 1, 1, 2);
  layer.def().fields->ignore({"loss_param"});
  const Message& fields = layer.parameters("softmax_param");
  fields.ignore({"engine"});
  const std::int64_t axis = layer.axis(fields.integer("axis", 1), layer.rank(layer.bottom()));
  return Values(layer.top_count(), layer.add(op::Softmax{axis}, {layer.bottom()}));
}

Values sigmoid_with_loss(LayerContext& layer) {
  layer.require(1, 1, 1, 1);
  layer.def().fields->ignore({"loss_param", "sigmoid_param"});
  return {layer.unary(PointwiseFn::sigmoid, layer.bottom())};
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_loss(caffe::Registry& registry) {
  using caffe::Role;
  for (const auto* type :
       {"Accuracy", "ContrastiveLoss", "DetectionEvaluate", "EuclideanLoss", "HDF5Output", "HingeLoss",
        "InfogainLoss", "MultiBoxLoss", "MultinomialLogisticLoss", "SmoothL1Loss"}) {
    registry.add(type, {nullptr, Role::ignore});
  }
  registry.add("Silence", {nullptr, Role::silence});
  // The labels, their second bottom, are not asked for.
  registry.add("SigmoidCrossEntropyLoss", {caffe::sigmoid_with_loss, Role::compute, 1});
  registry.add("SoftmaxWithLoss", {caffe::softmax_with_loss, Role::compute, 1});
}

}  // namespace tenon
