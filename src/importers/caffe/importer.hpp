// Importer: builds the Graph of one network, layer by layer, and gathers what is wrong with it.
#pragma once

#include "importers/caffe/layer_context.hpp"
#include "importers/caffe/net.hpp"
#include "importers/caffe/weights.hpp"

#include <tenon/import.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace tenon::caffe {

class Importer {
 public:
  // The weights and the mean image may be null. All must outlive the importer. `drawable`: how many random
  // weights there may be.
  Importer(const NetDef& net, const Weights* weights, const Tensor* mean, const ImportOptions& options,
           std::int64_t drawable);
  Graph run();

  Graph& graph() noexcept { return graph_; }
  Tensor blob(const LayerDef& layer, std::size_t index, const Shape& shape, const Filler& filler);
  // For constants that a layer stands for without weights: ModelError when they are too large altogether.
  void charge(std::int64_t numbers);
  ValueId add_input(const std::string& name, const Ints* declared);

 private:
  struct NoWeights {};  // thrown where a layer asks for weights and there are none
  // A layer that the outputs need, and which of its tops they need.
  struct Needed {
    const LayerDef* layer;
    std::vector<bool> wanted;
  };

  std::vector<std::string> choose_outputs() const;
  std::vector<Needed> needed_layers(const std::vector<std::string>& outputs) const;
  std::size_t used_bottoms(const LayerDef& layer) const;
  bool is_given(const std::string& blob) const;  // the caller makes it an input
  void add_given_inputs(const std::vector<Needed>& layers, const std::vector<std::string>& outputs);
  void import_layer(const Needed& needed);
  void define(const LayerDef& layer, const Values& tops);
  void add_problem(const LayerDef& layer, const std::string& reason);
  ValueId without_mean(ValueId input);
  void check_options_used() const;

  const NetDef& net_;
  const Weights* weights_;
  const Tensor* mean_;
  const ImportOptions& options_;
  std::int64_t derivable_ = std::int64_t{1} << 24;  // what is left of charge()'s allowance
  std::int64_t drawable_;                           // random weights that may still be drawn
  Graph graph_;
  std::map<std::string, ValueId> blobs_;       // invalid: what it comes from is among the problems
  std::map<std::string, std::string> makers_;  // the layer that gave a blob its present value
  std::set<std::string> shaped_;               // inputs whose shape the caller has given
  std::vector<std::string> problems_;
  std::vector<std::string> without_weights_;  // layers that miss them
  bool mean_used_ = false;
};

}  // namespace tenon::caffe
