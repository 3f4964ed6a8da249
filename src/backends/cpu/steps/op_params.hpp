// Step parameters that hold an operator's fields beside the step's own. Names of the step's own begin with
// '@'.
#pragma once

#include "ir/attribute.hpp"
#include "plan/step.hpp"

namespace tenon::cpu {

// The operator's fields as parameters.
template <class T>
AttributeList op_to_params(const T& op) {
  return to_attributes(op);
}

// The operator from parameters; the step's own are skipped. ModelError for anything else that is not a field.
template <class T>
T op_from_params(const AttributeList& params) {
  AttributeList fields;
  for (const Attribute& param : params) {
    if (!param.name.starts_with('@')) fields.push_back(param);
  }
  T op;
  set_attributes(op, fields, T::kName);
  return op;
}

}  // namespace tenon::cpu
