// The passes of a build.
#pragma once

#include "ir/graph.hpp"
#include "quant/place.hpp"

#include <tenon/builder.hpp>

#include <functional>

namespace tenon {

// Runs options.pipeline (or the default one) on the graph and adds to the report. With options.int8 rounding
// is placed before the pass `quantize`; nodes that are `slower` on integers stay float.
void run_passes(Graph& graph, const BuildOptions& options, BuildReport& report,
                const quant::Positions& slower = {});

// The same in two halves, for trials: the graph as placement finds it, and what becomes of it. Nothing is
// dumped. `placed` is called in between.
void run_passes_before_placement(Graph& graph, const BuildOptions& options, BuildReport& report);
void place_and_finish(Graph& graph, const BuildOptions& options, const quant::Positions& slower,
                      BuildReport& report, const std::function<void(Graph&)>& placed = {});

// What is tapped becomes an output only after the passes, so that it does not change what they fuse.
void show_taps(Graph& graph);

}  // namespace tenon
