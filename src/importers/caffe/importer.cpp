#include "importers/caffe/importer.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "importers/caffe/plugin.hpp"
#include "ops/binary.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace tenon::caffe {
namespace {

constexpr std::size_t kMaxInputAxes = 32;
constexpr std::size_t kMaxEnds = 4096;      // inputs, outputs
constexpr std::size_t kMaxProblems = 1000;  // that are listed

// FNV-1a: the same weights for the same layer, wherever it stands.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return hash;
}

Role role_of(const LayerDef& layer) {
  const LayerType* type = registry().find(layer.type);
  return type == nullptr ? Role::compute : type->role;
}

bool left_out(const LayerDef& layer) {
  return role_of(layer) == Role::ignore || role_of(layer) == Role::silence;
}

std::string title(const LayerDef& layer) { return fmt::format("{} ({})", quote(layer.name), layer.type); }

// The middle of the mean image: pictures were cut there after the mean had been taken.
Tensor centre(const Tensor& image, std::int64_t height, std::int64_t width) {
  const Shape& shape = image.shape();
  Tensor cut(DataType::f32, {shape[0], height, width});
  const auto from = image.values<float>();
  const auto to = cut.mutable_values<float>();
  const std::int64_t top = (shape[1] - height) / 2;
  const std::int64_t left = (shape[2] - width) / 2;
  for (std::int64_t c = 0; c < shape[0]; ++c) {
    for (std::int64_t y = 0; y < height; ++y) {
      const auto source = static_cast<std::size_t>((c * shape[1] + top + y) * shape[2] + left);
      const auto target = static_cast<std::size_t>((c * height + y) * width);
      std::copy_n(from.data() + source, width, to.data() + target);
    }
  }
  return cut;
}

}  // namespace

Importer::Importer(const NetDef& net, const Weights* weights, const Tensor* mean,
                   const ImportOptions& options, std::int64_t drawable)
    : net_(net), weights_(weights), mean_(mean), options_(options), drawable_(drawable), graph_(net.name) {}

Graph Importer::run() {
  const std::vector<std::string> outputs = choose_outputs();
  const std::vector<Needed> layers = needed_layers(outputs);
  add_given_inputs(layers, outputs);
  for (const Needed& needed : layers) import_layer(needed);
  if (!without_weights_.empty()) {
    const std::size_t others = without_weights_.size() - 1;
    problems_.push_back(
        fmt::format("{}{}: weights are missing: give the file that holds them, or ask for random ones",
                    without_weights_[0], others == 0 ? "" : fmt::format(" and {} other layers", others)));
  }
  if (!problems_.empty()) {
    std::string message = problems_.size() == 1
                              ? "the model cannot be imported:"
                              : fmt::format("the model cannot be imported, {} problems:", problems_.size());
    for (const std::string& problem : problems_) message += "\n  " + problem;
    throw ModelError(message);
  }
  check_options_used();
  for (const std::string& name : outputs) graph_.add_output(name, blobs_.at(name));
  return std::move(graph_);
}

bool Importer::is_given(const std::string& blob) const {
  return std::find(options_.inputs.begin(), options_.inputs.end(), blob) != options_.inputs.end();
}

std::size_t Importer::used_bottoms(const LayerDef& layer) const {
  const LayerType* type = registry().find(layer.type);
  return type == nullptr ? layer.bottoms.size() : std::min(type->bottoms, layer.bottoms.size());
}

std::vector<std::string> Importer::choose_outputs() const {
  if (!options_.outputs.empty()) return options_.outputs;
  std::map<std::string, std::size_t> unused;  // with the order in which layers gave them
  std::size_t order = 0;
  for (const LayerDef& layer : net_.layers) {
    const Role role = role_of(layer);
    if (role == Role::ignore) continue;
    const std::size_t used = role == Role::silence ? layer.bottoms.size() : used_bottoms(layer);
    for (std::size_t i = 0; i < used; ++i) unused.erase(layer.bottoms[i]);
    if (role != Role::compute) continue;
    for (const std::string& top : layer.tops) {
      if (!is_given(top)) unused[top] = order++;
    }
  }
  if (unused.empty()) throw ModelError("the network has no outputs");
  TENON_REQUIRE(unused.size() <= kMaxEnds, "{} outputs are more than the {} that are supported",
                unused.size(), kMaxEnds);
  std::vector<std::string> names;
  names.reserve(unused.size());
  for (const auto& [name, place] : unused) names.push_back(name);
  std::sort(names.begin(), names.end(),
            [&](const auto& a, const auto& b) { return unused.at(a) < unused.at(b); });
  return names;
}

std::vector<Importer::Needed> Importer::needed_layers(const std::vector<std::string>& outputs) const {
  std::set<std::string> open;
  for (const std::string& name : outputs) {
    if (!is_given(name)) open.insert(name);
  }
  std::vector<Needed> needed;
  for (auto layer = net_.layers.rbegin(); layer != net_.layers.rend(); ++layer) {
    if (left_out(*layer)) continue;
    Needed entry{&*layer, {}};
    for (const std::string& top : layer->tops) entry.wanted.push_back(open.count(top) != 0);
    if (std::find(entry.wanted.begin(), entry.wanted.end(), true) == entry.wanted.end()) continue;
    for (const std::string& top : layer->tops) open.erase(top);
    for (std::size_t i = 0; i < used_bottoms(*layer); ++i) {
      if (!is_given(layer->bottoms[i])) open.insert(layer->bottoms[i]);
    }
    needed.push_back(std::move(entry));
  }
  if (!open.empty()) {
    std::vector<std::string> all;
    for (const LayerDef& layer : net_.layers) all.insert(all.end(), layer.tops.begin(), layer.tops.end());
    throw ModelError(
        fmt::format("no layer gives the blob {}{}", quote(*open.begin()), did_you_mean(*open.begin(), all)));
  }
  std::reverse(needed.begin(), needed.end());
  return needed;
}

void Importer::add_given_inputs(const std::vector<Needed>& layers, const std::vector<std::string>& outputs) {
  for (const std::string& name : options_.inputs) {
    const auto uses = [&](const Needed& entry) {
      const auto& list = entry.layer->bottoms;
      return std::find(list.begin(), list.end(), name) != list.end();
    };
    TENON_REQUIRE(std::any_of(layers.begin(), layers.end(), uses) ||
                      std::find(outputs.begin(), outputs.end(), name) != outputs.end(),
                  "no layer that the outputs need uses the input {}", quote(name));
    TENON_REQUIRE(blobs_.count(name) == 0, "the input {} is named twice", quote(name));
    blobs_[name] = add_input(name, nullptr);
  }
}

void Importer::import_layer(const Needed& needed) {
  const LayerDef& layer = *needed.layer;
  try {
    Values bottoms;
    bool poisoned = false;
    for (std::size_t i = 0; i < used_bottoms(layer); ++i) {
      const auto found = blobs_.find(layer.bottoms[i]);
      TENON_REQUIRE(found != blobs_.end(), "no layer before it gives the blob {}", quote(layer.bottoms[i]));
      bottoms.push_back(found->second);
      poisoned = poisoned || !found->second.valid();
    }
    const LayerType* type = registry().find(layer.type);
    const auto plugin = type == nullptr ? plugin_for(layer.type) : nullptr;
    TENON_REQUIRE(type != nullptr || plugin != nullptr, "layers of this type are not supported{}",
                  problems_.size() < kMaxProblems ? did_you_mean(layer.type, registry().names()) : "");
    if (poisoned) return define(layer, Values(layer.tops.size()));
    graph_.set_location(layer.name);
    LayerContext context(*this, layer, std::move(bottoms), needed.wanted);
    const Values tops = type != nullptr ? type->convert(context) : convert_plugin(plugin, context);
    if (const Field* unknown = layer.fields->unused()) {
      throw ModelError(fmt::format("field '{}' in line {} is not supported", unknown->name, unknown->line));
    }
    define(layer, tops);
  } catch (const NoWeights&) {
    without_weights_.push_back(title(layer));
    define(layer, Values(layer.tops.size()));
  } catch (const ModelError& error) {
    add_problem(layer, error.message());
    define(layer, Values(layer.tops.size()));
  }
}

// A blob that a later layer computes in place leaves its name to the new value.
void Importer::define(const LayerDef& layer, const Values& tops) {
  for (std::size_t i = 0; i < layer.tops.size(); ++i) {
    const std::string& name = layer.tops[i];
    const ValueId id = i < tops.size() ? tops[i] : ValueId{};
    ValueId& place = blobs_[name];
    const bool renames = id.valid() && place.valid() && place != id;
    if (renames && graph_.value(place).producer.valid()) {
      graph_.set_value_name(place, fmt::format("{}/{}", name, makers_[name]));
    }
    place = id;
    if (!id.valid()) continue;
    if (graph_.value(id).name.empty()) graph_.set_value_name(id, name);
    makers_[name] = layer.name;
  }
}

void Importer::add_problem(const LayerDef& layer, const std::string& reason) {
  if (problems_.size() == kMaxProblems) problems_.emplace_back("… and more");
  if (problems_.size() > kMaxProblems) return;
  problems_.push_back(fmt::format("{}: {}", title(layer), reason));
}

Tensor Importer::blob(const LayerDef& layer, std::size_t index, const Shape& shape, const Filler& filler) {
  for (const std::int64_t dim : shape) {
    TENON_REQUIRE(dim > 0, "its weights would have the shape [{}]", join(shape));
  }
  if (weights_ != nullptr) return weights_->blob(layer.name, index, shape);
  if (options_.random_weights) {
    const std::int64_t count = element_count(shape);
    TENON_REQUIRE(count <= drawable_, "weights of shape [{}] are too many to be drawn", join(shape));
    drawable_ -= count;
    return fill(filler, shape, *options_.random_weights + hash_of(layer.name) + 0x9E37U * index);
  }
  throw NoWeights{};
}

void Importer::charge(std::int64_t numbers) {
  TENON_REQUIRE(numbers <= derivable_, "the constants that it stands for are too large");
  derivable_ -= numbers;
}

ValueId Importer::add_input(const std::string& name, const Ints* declared) {
  TENON_REQUIRE(graph_.inputs().size() < kMaxEnds, "there are more than {} inputs", kMaxEnds);
  const auto given = options_.input_shapes.find(name);
  if (given != options_.input_shapes.end()) {
    shaped_.insert(name);
    TENON_REQUIRE(declared == nullptr || declared->size() == given->second.size(),
                  "the given shape of {} has rank {}, the model's {}", quote(name), given->second.size(),
                  declared == nullptr ? 0 : declared->size());
    declared = &given->second;
  }
  TENON_REQUIRE(declared != nullptr, "the shape of the input {} is not in the model: give one", quote(name));
  TENON_REQUIRE(declared->size() <= kMaxInputAxes, "the input {} has {} axes", quote(name), declared->size());
  Dims dims;
  for (std::size_t axis = 0; axis < declared->size(); ++axis) {
    const std::int64_t dim = (*declared)[axis];
    TENON_REQUIRE(dim >= (given != options_.input_shapes.end() ? -1 : 0), "the input {} has the dim {}",
                  quote(name), dim);
    dims.push_back(dim < 0 ? Dim::symbol(fmt::format("{}_{}", name, axis)) : Dim(dim));
  }
  return without_mean(graph_.add_input(name, Type::tensor(DataType::f32, std::move(dims))));
}

// The mean belongs to the first input that is a batch of images with as many channels.
ValueId Importer::without_mean(ValueId input) {
  const Dims& dims = *graph_.type(input).as_tensor().dims;
  if (mean_ == nullptr || mean_used_ || dims.size() != 4 || !dims[1].is_const(mean_->shape()[0]))
    return input;
  const bool fixed = dims[2].is_const() && dims[3].is_const();
  const Shape& shape = mean_->shape();
  TENON_REQUIRE(fixed && dims[2].value() <= shape[1] && dims[3].value() <= shape[2],
                "the mean image of {} x {} does not cover the input of {} x {}", shape[1], shape[2],
                dims[2].to_string(), dims[3].to_string());
  mean_used_ = true;
  graph_.set_location("mean");
  const ValueId mean = graph_.add_constant(centre(*mean_, dims[2].value(), dims[3].value()));
  return graph_.add(op::binary(PointwiseFn::sub), {input, mean});
}

void Importer::check_options_used() const {
  for (const auto& [name, shape] : options_.input_shapes) {
    TENON_REQUIRE(shaped_.count(name) != 0, "a shape is given for {}, which is no input of the model",
                  quote(name));
  }
  TENON_REQUIRE(mean_ == nullptr || mean_used_,
                "no input is a batch of images with {} channels, like the mean image",
                mean_ == nullptr ? 0 : mean_->shape()[0]);
}

}  // namespace tenon::caffe
