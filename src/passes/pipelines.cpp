#include "passes/pipelines.hpp"

namespace tenon {

Pipeline default_pipeline() {
  // Shapes and constants first, since every other rule reads them; weights before epilogues, so that a scale
  // goes into the weights and not into the epilogue; attention before integers, of which it has a form;
  // integers before projections merge, as queries, keys and values have scales of their own, and before
  // epilogues, which would take the activation away; projections before epilogues, which would take the mask;
  // pointwise groups take what no epilogue took. Weights that are stored as integers stay in sight until the
  // end.
  return parse_pipeline("canonicalize,cse,absorb,cse,attention,quantize,projections,fuse,pointwise,weights");
}

}  // namespace tenon
