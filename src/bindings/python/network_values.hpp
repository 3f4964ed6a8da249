// What the network definition takes from Python: operands, dims and fields.
#pragma once

#include "bindings/python/bindings.hpp"

#include <tenon/network.hpp>

#include <vector>

namespace tenon::python {

// None: absent. What is no value of the network becomes a constant: an array, a number, a list.
NetworkValue to_operand(NetworkBuilder& builder, nb::handle object);
NetworkValues to_operands(NetworkBuilder& builder, nb::handle sequence);

// Numbers and expressions.
SymbolicDims to_dims(nb::handle sequence);

// Booleans, numbers, texts, lists of them, element types, arrays.
FieldValue to_field(nb::handle object);
Fields to_fields(const nb::kwargs& fields);

void bind_layers(nb::class_<NetworkBuilder>& builder);
void bind_control_flow(nb::class_<NetworkBuilder>& builder);

}  // namespace tenon::python
