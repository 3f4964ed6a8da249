#include "importers/caffe/net.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tenon::caffe {
namespace {

constexpr std::size_t kMaxLayers = 10'000;

struct State {
  std::string phase = "TEST";
  std::int64_t level = 0;
  std::vector<std::string> stages;
};

State read_state(const Message& net) {
  State state;
  const Message& fields = net.message("state");
  state.phase = fields.word("phase", state.phase);
  state.level = fields.integer("level", state.level);
  state.stages = fields.words("stage");
  return state;
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool meets(const State& state, const Message& rule) {
  if (const auto phase = rule.find_word("phase"); phase && *phase != state.phase) return false;
  if (const auto least = rule.find_integer("min_level"); least && state.level < *least) return false;
  if (const auto most = rule.find_integer("max_level"); most && state.level > *most) return false;
  const auto wanted = rule.words("stage");
  const auto unwanted = rule.words("not_stage");
  const auto given = [&](const std::string& stage) { return contains(state.stages, stage); };
  return std::all_of(wanted.begin(), wanted.end(), given) &&
         std::none_of(unwanted.begin(), unwanted.end(), given);
}

bool is_included(const State& state, const Message& layer) {
  const auto include = layer.messages("include");
  const auto exclude = layer.messages("exclude");
  const auto met = [&](const Message* rule) { return meets(state, *rule); };
  if (!include.empty()) return std::any_of(include.begin(), include.end(), met);
  return std::none_of(exclude.begin(), exclude.end(), met);
}

Field scalar(std::string name, std::string text, std::uint32_t line) {
  Field field;
  field.name = std::move(name);
  field.text = std::move(text);
  field.line = line;
  return field;
}

Message& add_message(Message& to, std::string name, std::uint32_t line) {
  Field field;
  field.name = std::move(name);
  field.message = std::make_unique<Message>();
  field.line = line;
  return *to.add(std::move(field)).message;
}

// Inputs in the legacy form; each gets a layer of type Input in front of the others.
Message legacy_inputs(const Message& net) {
  Message inputs;
  const auto names = net.words("input");
  const auto dims = net.integers("input_dim");
  const auto shapes = net.messages("input_shape");
  if (names.empty()) return inputs;
  if (!dims.empty() && dims.size() != 4 * names.size()) {
    throw ModelError(
        fmt::format("{} numbers input_dim for {} inputs: expected four for each", dims.size(), names.size()));
  }
  if (!shapes.empty() && shapes.size() != names.size() && shapes.size() != 1) {
    throw ModelError(
        fmt::format("{} input_shape for {} inputs: expected one for each", shapes.size(), names.size()));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    Message& layer = add_message(inputs, "layer", 1);
    layer.add(scalar("name", names[i], 1));
    layer.add(scalar("type", "Input", 1));
    layer.add(scalar("top", names[i], 1));
    Message& shape = add_message(add_message(layer, "input_param", 1), "shape", 1);
    std::vector<std::int64_t> extent;
    if (!dims.empty()) {
      const auto first = dims.begin() + static_cast<std::ptrdiff_t>(4 * i);
      extent.assign(first, first + 4);
    } else if (!shapes.empty()) {
      extent = shapes[shapes.size() == 1 ? 0 : i]->integers("dim");
    }
    for (const std::int64_t dim : extent) shape.add(scalar("dim", std::to_string(dim), 1));
  }
  return inputs;
}

LayerDef read_layer(const Message& fields) {
  LayerDef layer;
  layer.name = fields.word("name", "");
  layer.type = fields.word("type", "");
  layer.bottoms = fields.words("bottom");
  layer.tops = fields.words("top");
  layer.fields = &fields;
  // Training, and weights that are stored in a file of their own.
  fields.ignore({"phase", "param", "blobs", "loss_weight", "propagate_down", "blobs_lr", "weight_decay",
                 "blob_share_mode", "include", "exclude", "transform_param"});
  return layer;
}

}  // namespace

NetDef read_net(std::string_view prototxt) {
  NetDef net;
  net.text = parse_text(prototxt);
  upgrade(net.text);
  net.inputs = legacy_inputs(net.text);
  net.name = net.text.word("name", "caffe");
  net.text.ignore({"force_backward", "debug_info"});
  const State state = read_state(net.text);
  for (const Message* list : {&std::as_const(net.inputs), &std::as_const(net.text)}) {
    for (const Message* layer : list->messages("layer")) {
      if (is_included(state, *layer)) net.layers.push_back(read_layer(*layer));
    }
  }
  for (const Field& field : net.text.fields()) {
    const Field* unknown = field.used ? nullptr : &field;
    if (unknown == nullptr && field.name != "layer" && field.message != nullptr)
      unknown = field.message->unused();
    if (unknown != nullptr) {
      throw ModelError(
          fmt::format("line {}: there is no field of the name '{}' here", unknown->line, unknown->name));
    }
  }
  if (net.layers.size() > kMaxLayers) {
    throw ModelError(
        fmt::format("{} layers are more than the {} that are supported", net.layers.size(), kMaxLayers));
  }
  if (net.layers.empty()) throw ModelError("there are no layers: is this a network?");
  return net;
}

}  // namespace tenon::caffe
