// The only place that says in which order passes run.
#pragma once

#include "passes/pipeline.hpp"

namespace tenon {

// What `tenon build` runs.
Pipeline default_pipeline();

}  // namespace tenon
