// Importer: builds the graph of one TensorFlow Lite file, operator by operator, and gathers what is wrong
// with it.
#pragma once

#include "importers/blobs.hpp"
#include "importers/tflite/model.hpp"
#include "importers/tflite/registry.hpp"
#include "ir/graph.hpp"

#include <tenon/import.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tenon::tflite {

class Importer {
 public:
  Importer(const ModelDef& model, std::shared_ptr<const void> memory, const ImportOptions& options);
  Graph run();

 private:
  // What is known of a tensor of the file.
  struct Slot {
    bool defined = false;
    std::optional<Placed> stored;  // as the file has it; nothing, though defined: a problem
    std::optional<Placed> real;    // dequantized
  };

  std::vector<std::int32_t> wanted_outputs() const;
  std::vector<bool> needed_operators(const std::vector<std::int32_t>& outputs) const;
  void add_input(std::int32_t tensor);
  void import_operator(const OperatorDef& def, std::size_t index);
  void convert(const OperatorDef& def, const Converter& converter);
  void define(const OperatorDef& def, std::vector<Placed> results, bool elements);
  // Whether all quantized tensors around the operator have one scale, so that stored elements may be moved.
  bool one_scale(const OperatorDef& def) const;
  Placed stored(std::int32_t tensor);
  Placed real(std::int32_t tensor);
  ValueId add_constant(std::int32_t tensor);
  ValueId add_scale(const QuantDef& quantization);
  ValueId add_zero_point(const QuantDef& quantization, DataType dtype);
  bool is_quantized(std::int32_t tensor) const;
  Dim open_dim(std::string_view input, std::size_t axis) const;

  const ModelDef& model_;
  BlobViews blobs_;
  const ImportOptions& options_;
  Graph graph_;
  std::vector<Slot> slots_;  // by tensor
  std::vector<std::string> problems_;
};

}  // namespace tenon::tflite
