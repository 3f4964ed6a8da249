// The passes of a build.
#pragma once

#include "ir/graph.hpp"

#include <tenon/builder.hpp>

namespace tenon {

// Runs options.pipeline (or the default one) on the graph and adds to the report. With options.int8 rounding
// is placed before the pass `quantize`.
void run_passes(Graph& graph, const BuildOptions& options, BuildReport& report);

}  // namespace tenon
