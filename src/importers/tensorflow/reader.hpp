// Reads the protobuf bytes of TensorFlow models without copying them. Messages are never followed
// recursively: what may nest (attributes, functions) is decoded where it is used.
#pragma once

#include "importers/tensorflow/model.hpp"

#include <string_view>
#include <vector>

namespace tenon::tensorflow {

// ModelError when the bytes are not a well-formed GraphDef. Time and memory are linear in the number of
// bytes.
GraphDef read_graph(std::string_view bytes);
// All of a saved_model.pb.
std::vector<MetaGraph> read_saved_model(std::string_view bytes);

TensorDef read_tensor(std::string_view bytes);
ShapeDef read_shape(std::string_view bytes);

// Whether the first bytes can be those of a GraphDef: fields in use, and a first node with a name and an
// operator.
bool looks_like_graph(std::string_view head) noexcept;

}  // namespace tenon::tensorflow
