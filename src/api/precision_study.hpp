// PrecisionStudy: which layers of an INT8 build stay float because integers do not pay.
//
// The network is optimized and its tactics are chosen twice: rounded wherever placement can, and not at all.
// What both make of the same nodes of the model is a layer, with a time in either form; with the times of
// rounding and its reverse that is a PrecisionProblem. Its solution, once with floats of integers at the
// price of a step of their own and once for free (kernels of integers can give floats themselves), and the
// two extremes are chosen for as networks; their totals count.
#pragma once

#include "ir/graph.hpp"
#include "quant/place.hpp"
#include "tactics/choose.hpp"
#include "tactics/precision.hpp"

#include <tenon/builder.hpp>
#include <tenon/precision_costs.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace tenon {

class PrecisionStudy {
 public:
  // A layer in one of its forms.
  struct Form {
    double ns = 0;
    double dequantize_ns = 0;  // in steps of their own
    bool known = true;         // nothing that could be measured is estimated
    bool takes_integers = false, gives_integers = false;
  };
  struct Trial {
    quant::Positions slower;                         // nodes of the graph at placement that stay float
    Graph optimized;                                 // after all passes
    std::unique_ptr<Graph> graph;                    // the same, for which was chosen
    std::unordered_map<NodeId, std::size_t> layers;  // of the nodes of `graph`
    Choice choice;
    BuildReport report;       // of the passes from placement on
    std::vector<Form> forms;  // by layer

    double ns() const noexcept { return choice.best.total_ns; }
  };

  // `placing`: after run_passes_before_placement(). `exact`: the same of the network whose weights layers
  // that stay float have; null: as they are. Both options must outlive the study, and stay as they are.
  PrecisionStudy(Graph placing, const Graph* exact, const BuildOptions& build, const ChooseOptions& choosing);

  // Those that may be the fastest, the best first; at least one.
  std::vector<Trial>& trials() noexcept { return trials_; }
  const std::vector<Trial>& trials() const noexcept { return trials_; }
  // With the one of trials() that was taken. Times of whole networks are not filled in.
  PrecisionCosts costs(std::size_t taken) const;

 private:
  Trial optimized(quant::Positions slower) const;
  void take_exact_parameters(Graph& graph, const quant::Positions& slower) const;
  void add_others(Trial floats);
  void tell_layers(Trial& trial) const;
  void choose_for(Trial& trial, const std::vector<Form>* integers) const;
  Effort effort(const Trial& trial, NodeId node, const std::vector<Form>* integers) const;
  void find_layers(const Graph& integers, const Graph& floats);
  std::vector<Form> forms_of(const Trial& trial) const;
  void find_values();
  void price_values();
  bool is_free(std::size_t layer) const;
  PrecisionProblem problem(double dequantize_share) const;
  quant::Positions slower_of(const std::vector<bool>& on_integers) const;
  void add_best(const std::vector<PrecisionProblem>& problems);
  std::string name_of(const Trial& trial) const;

  Graph placing_;
  const Graph* exact_;
  const BuildOptions& build_;
  const ChooseOptions& choosing_;
  std::vector<std::string> locations_;  // by position, in the model
  quant::PlacementSurvey survey_;
  std::vector<std::size_t> layer_;                 // by position
  std::vector<std::vector<std::size_t>> members_;  // by layer: positions
  std::vector<Form> integers_, floats_;            // by layer
  std::vector<ValueId> values_;                    // of placing_, between layers
  std::vector<PrecisionProblem::Value> value_costs_;
  std::vector<Trial> trials_;
};

}  // namespace tenon
