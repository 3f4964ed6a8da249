// Text tables, and tensors and shapes as people write them.
#pragma once

#include <tenon/engine.hpp>

#include <string>
#include <vector>

namespace tenon::tool {

// Columns padded to their widest cell; those named in `right` are right-aligned.
class Table {
 public:
  explicit Table(std::vector<std::string> columns, std::vector<std::size_t> right = {});
  void add(std::vector<std::string> row);
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the first is the heading
  std::vector<std::size_t> right_;
};

std::string shape_text(const Shape& shape);       // "1x3x224x224", "scalar"
std::string tensor_text(const TensorInfo& info);  // "f32[N, 3, 224, 224]"
std::string bytes_text(std::size_t bytes);        // "1.5 MiB"
std::string ms_text(double ms);                   // four significant digits

// Cut to `width` columns, with an ellipsis where something was cut.
std::string shorten(const std::string& text, std::size_t width);

}  // namespace tenon::tool
