// Names in an ONNX file: one name space for all values, those of nested graphs included.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace tenon::onnx_export {

class Names {
 public:
  // False when it is taken already.
  bool reserve(std::string_view name) { return taken_.emplace(name).second; }
  // `hint` itself, or with a number behind it; reserved.
  std::string unique(std::string_view hint);

 private:
  std::set<std::string, std::less<>> taken_;
  std::map<std::string, std::size_t, std::less<>> next_;
};

}  // namespace tenon::onnx_export
