// The two old forms of a layer. The middle one ("layers") has the newest one's fields, but enumerators as
// types; the oldest has a "layer" inside that holds the fields of all types, side by side.
#include "importers/caffe/net.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace tenon::caffe {
namespace {

struct TypeName {
  std::string_view old;
  std::string_view name;
  std::string_view parameters;  // the message that the oldest form's fields belong to
};

constexpr std::array kOldTypes = {
    TypeName{"ABSVAL", "AbsVal", ""},
    TypeName{"ACCURACY", "Accuracy", ""},
    TypeName{"ARGMAX", "ArgMax", ""},
    TypeName{"BNLL", "BNLL", ""},
    TypeName{"CONCAT", "Concat", "concat_param"},
    TypeName{"CONTRASTIVE_LOSS", "ContrastiveLoss", ""},
    TypeName{"CONVOLUTION", "Convolution", ""},
    TypeName{"CONV", "Convolution", "convolution_param"},
    TypeName{"DATA", "Data", ""},
    TypeName{"DECONVOLUTION", "Deconvolution", ""},
    TypeName{"DROPOUT", "Dropout", "dropout_param"},
    TypeName{"DUMMY_DATA", "DummyData", ""},
    TypeName{"ELTWISE", "Eltwise", ""},
    TypeName{"EUCLIDEAN_LOSS", "EuclideanLoss", ""},
    TypeName{"EXP", "Exp", ""},
    TypeName{"FLATTEN", "Flatten", ""},
    TypeName{"HDF5_DATA", "HDF5Data", ""},
    TypeName{"HDF5_OUTPUT", "HDF5Output", ""},
    TypeName{"HINGE_LOSS", "HingeLoss", ""},
    TypeName{"IM2COL", "Im2col", "convolution_param"},
    TypeName{"IMAGE_DATA", "ImageData", ""},
    TypeName{"IMAGES", "ImageData", ""},
    TypeName{"INFOGAIN_LOSS", "InfogainLoss", ""},
    TypeName{"INNER_PRODUCT", "InnerProduct", ""},
    TypeName{"INNERPRODUCT", "InnerProduct", "inner_product_param"},
    TypeName{"LRN", "LRN", "lrn_param"},
    TypeName{"MEMORY_DATA", "MemoryData", ""},
    TypeName{"MULTINOMIAL_LOGISTIC_LOSS", "MultinomialLogisticLoss", ""},
    TypeName{"MVN", "MVN", ""},
    TypeName{"PADDING", "Padding", "padding_param"},
    TypeName{"POOL", "Pooling", "pooling_param"},
    TypeName{"POOLING", "Pooling", ""},
    TypeName{"POWER", "Power", ""},
    TypeName{"RELU", "ReLU", ""},
    TypeName{"SIGMOID", "Sigmoid", ""},
    TypeName{"SIGMOID_CROSS_ENTROPY_LOSS", "SigmoidCrossEntropyLoss", ""},
    TypeName{"SILENCE", "Silence", ""},
    TypeName{"SLICE", "Slice", ""},
    TypeName{"SOFTMAX", "Softmax", ""},
    TypeName{"SOFTMAX_LOSS", "SoftmaxWithLoss", ""},
    TypeName{"SPLIT", "Split", ""},
    TypeName{"TANH", "TanH", ""},
    TypeName{"THRESHOLD", "Threshold", ""},
    TypeName{"WINDOW_DATA", "WindowData", ""},
};

// What the oldest form said beside a layer's own parameters: names, weights, and where training data lies.
constexpr std::array<std::string_view, 22> kOldest = {"name",
                                                      "type",
                                                      "blobs",
                                                      "blobs_lr",
                                                      "weight_decay",
                                                      "source",
                                                      "scale",
                                                      "meanfile",
                                                      "batchsize",
                                                      "cropsize",
                                                      "mirror",
                                                      "rand_skip",
                                                      "det_fg_threshold",
                                                      "det_bg_threshold",
                                                      "det_fg_fraction",
                                                      "det_context_pad",
                                                      "det_crop_mode",
                                                      "new_num",
                                                      "new_channels",
                                                      "new_height",
                                                      "new_width",
                                                      "hdf5_output_param"};

// Old names came in capitals in one form and in small letters in the other.
const TypeName* find_type(std::string name) {
  for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  const auto found =
      std::find_if(kOldTypes.begin(), kOldTypes.end(), [&](const TypeName& t) { return t.old == name; });
  return found == kOldTypes.end() ? nullptr : &*found;
}

Field* find_field(Message& message, std::string_view name) {
  for (Field& field : message.fields()) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::string renamed(std::string name) {
  if (name == "biasterm") return "bias_term";
  if (name == "kernelsize") return "kernel_size";
  return name;
}

// Moves what lies in the inner "layer" to where the newer forms have it.
void unwrap(Message& outer) {
  const Field* found = find_field(outer, "layer");
  if (found == nullptr || found->message == nullptr) return;
  auto& list = outer.fields();
  const auto position = static_cast<std::ptrdiff_t>(found - list.data());
  const std::uint32_t line = found->line;
  const std::unique_ptr<Message> inner = std::move(list[static_cast<std::size_t>(position)].message);
  list.erase(list.begin() + position);
  const Field* type = find_field(*inner, "type");
  const TypeName* known = type == nullptr ? nullptr : find_type(type->text);
  Field parameters;
  parameters.line = line;
  parameters.message = std::make_unique<Message>();
  if (known != nullptr) parameters.name = known->parameters;
  for (Field& field : inner->fields()) {
    if (field.name == "name" || field.name == "type") {
      outer.add(std::move(field));
    } else if (std::find(kOldest.begin(), kOldest.end(), field.name) == kOldest.end()) {
      field.name = renamed(std::move(field.name));
      parameters.message->add(std::move(field));
    }
  }
  if (parameters.name.empty() && !parameters.message->fields().empty()) {
    const Field& first = parameters.message->fields().front();
    throw ModelError(fmt::format("line {}: a layer of this type has no field '{}'", first.line, first.name));
  }
  if (!parameters.name.empty()) outer.add(std::move(parameters));
}

}  // namespace

void upgrade(Message& net) {
  for (Field& field : net.fields()) {
    if (field.name != "layers" || field.message == nullptr) continue;
    unwrap(*field.message);
    field.name = "layer";
    Field* type = find_field(*field.message, "type");
    if (type == nullptr) continue;
    if (const TypeName* known = find_type(type->text)) type->text = known->name;
  }
}

}  // namespace tenon::caffe
