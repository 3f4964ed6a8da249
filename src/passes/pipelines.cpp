#include "passes/pipelines.hpp"

namespace tenon {

Pipeline default_pipeline() {
  // Shapes and constants first, since every other rule reads them; weights before epilogues, so that a scale
  // goes into the weights and not into the epilogue; integers before epilogues, which would take the
  // activation away; attention before epilogues, which would take its mask; pointwise groups take what no
  // epilogue took. Weights that are stored as integers stay in sight until the end.
  return parse_pipeline("canonicalize,cse,absorb,cse,quantize,attention,fuse,pointwise,weights");
}

}  // namespace tenon
