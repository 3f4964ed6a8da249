// Reads TensorFlow Lite files: flatbuffers with the identifier TFL3.
#pragma once

#include "importers/tflite/model.hpp"

#include <string_view>

namespace tenon::tflite {

// Indices of tensors, buffers and operator codes are checked. ModelError when the bytes are no such file.
ModelDef read_model(std::string_view bytes);

// ModelError for a code that is not known or has no counterpart.
DataType data_type(std::int8_t code);

}  // namespace tenon::tflite
