// Tensors of a model file as tenon::Tensor: viewed in the file where alignment and byte order allow, else
// decoded.
#pragma once

#include "importers/onnx/model.hpp"

#include <tenon/tensor.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace tenon {
class MappedFile;
}

namespace tenon::onnx {

class TensorLoader {
 public:
  // `file` keeps the bytes that the defs view. External data is looked up in `directory`; empty: refused.
  TensorLoader(std::shared_ptr<const void> file, std::filesystem::path directory);
  ~TensorLoader();

  // ModelError when the declared shape and the stored data disagree. Memory is taken only for data that the
  // file holds.
  Tensor load(const TensorDef& def);
  // The dense tensor; refused when it would be out of proportion to what is stored.
  Tensor load(const SparseTensorDef& def);

 private:
  Tensor load_external(const TensorDef& def, DataType dtype);

  std::shared_ptr<const void> file_;
  std::filesystem::path directory_;
  std::map<std::string, std::shared_ptr<const MappedFile>> external_;
};

}  // namespace tenon::onnx
