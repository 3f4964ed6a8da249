// BlobViews: constants of a file as views into its memory. Bytes that lie unaligned are copied, once for all
// constants that share them, so that a small file cannot become large by naming the same bytes often.
#pragma once

#include <tenon/tensor.hpp>

#include <map>
#include <memory>
#include <string_view>
#include <utility>

namespace tenon {

class BlobViews {
 public:
  explicit BlobViews(std::shared_ptr<const void> memory) : memory_(std::move(memory)) {}
  // `bytes` are of the file and exactly what the shape needs; not for strings.
  Tensor view(DataType dtype, const Shape& shape, std::string_view bytes);

 private:
  std::shared_ptr<const void> memory_;
  std::map<std::pair<const char*, std::size_t>, Tensor> copies_;
};

}  // namespace tenon
