// Steps of the reference backend: "ref.op" runs any operator through its reference kernel, "ref.graph" a
// small graph (a node with regions), "copy" moves a buffer's bytes, "strings" gives a constant of strings.
#pragma once

#include "ir/graph.hpp"
#include "plan/step.hpp"

namespace tenon {

void register_ref_steps(StepRegistry& registry);

namespace ref {

// A tensor of strings from two parameters. ModelError when they are missing or do not fit.
Tensor strings_param(const AttributeList& params, std::string_view shape, std::string_view values);

// An operator as step parameters: its name and its attributes; tensor attributes travel as weights, those of
// strings as parameters.
struct EncodedOp {
  AttributeList params;
  std::vector<Tensor> weights;
};
EncodedOp encode_op(const Op& op);
Op decode_op(const AttributeList& params, std::span<const Tensor> weights);  // ModelError

}  // namespace ref
}  // namespace tenon
