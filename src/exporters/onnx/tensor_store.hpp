// Where the data of initializers go: into their messages, or to a second file at aligned offsets.
#pragma once

#include <tenon/tensor.hpp>

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::onnx_export {

class TensorStore {
 public:
  // With a file name, data that is worth it is kept for write(); without one all of it is inline.
  explicit TensorStore(std::string external_file = {}) : file_(std::move(external_file)) {}

  // TensorProto.
  std::string message(std::string_view name, const Tensor& tensor);
  // The bytes of the second file.
  void write(std::ostream& out) const;

 private:
  std::string file_;
  std::vector<Tensor> external_;
  std::uint64_t size_ = 0;
};

}  // namespace tenon::onnx_export
