#include "exporters/round_trip.hpp"

#include "exporters/onnx/export.hpp"
#include "importers/onnx/import.hpp"
#include "passes/pipelines.hpp"
#include "support/evaluate.hpp"

#include <gtest/gtest.h>

namespace tenon::test {
namespace {

// A dim that is a number or a symbol comes back; another one gets a name of its own.
bool same_type(const Type& before, const Type& after) {
  if (!before.is_tensor()) return true;
  if (before.as_tensor().dtype != after.as_tensor().dtype) return false;
  const auto& old_dims = before.as_tensor().dims;
  const auto& new_dims = after.as_tensor().dims;
  if (!old_dims || !new_dims) return old_dims.has_value() == new_dims.has_value();
  if (old_dims->size() != new_dims->size()) return false;
  for (std::size_t i = 0; i < old_dims->size(); ++i) {
    const Dim& dim = (*old_dims)[i];
    const bool plain = dim.is_const() || dim.symbol_name() != nullptr;
    if (plain && !(dim == (*new_dims)[i])) return false;
  }
  return true;
}

}  // namespace

Graph through_onnx(const Graph& graph) {
  const std::string model = to_onnx(graph);
  Graph back = import_onnx({reinterpret_cast<const std::byte*>(model.data()), model.size()});
  back.verify();
  EXPECT_EQ(back.output_names(), graph.output_names());
  EXPECT_EQ(back.inputs().size(), graph.inputs().size());
  for (std::size_t i = 0; i < back.inputs().size() && i < graph.inputs().size(); ++i) {
    const Value& before = graph.value(graph.inputs()[i]);
    const Value& after = back.value(back.inputs()[i]);
    EXPECT_EQ(after.name, before.name);
    EXPECT_TRUE(same_type(before.type, after.type))
        << before.name << ": " << before.type.to_string() << " became " << after.type.to_string();
  }
  return back;
}

const std::set<std::string>& unwritten_operators() {
  static const std::set<std::string> names = {"couple_probabilities", "lookup", "map_values", "reorder",
                                              "tree_ensemble",        "zip_map"};
  return names;
}

Graph optimized(Graph graph) {
  PipelineOptions options;
  options.evaluator = reference_evaluator();
  run_pipeline(graph, default_pipeline(), options);
  return graph;
}

}  // namespace tenon::test
