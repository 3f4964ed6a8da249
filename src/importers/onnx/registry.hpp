// The converters: one function per source operator and range of opset versions.
#pragma once

#include "ir/graph.hpp"

#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::onnx {

class NodeContext;

// Builds what the node means and returns its outputs in order; an invalid id (or none) where an output is not
// provided. Refuses with NodeContext::fail(). Every attribute that is not asked for is an error afterwards.
using Convert = std::vector<ValueId> (*)(NodeContext& node);

// The newest opset of the standard domain that the converters know.
inline constexpr int kNewestOpset = 28;

// Opset versions, both ends included.
struct Versions {
  std::int64_t since = 1;
  std::int64_t until = std::numeric_limits<std::int64_t>::max();
};

class Registry {
 public:
  void add(std::string_view op_type, Convert convert, Versions versions = {}, std::string_view domain = {});
  // Null when the operator is unknown, or not in that version.
  Convert find(std::string_view domain, std::string_view op_type, std::int64_t version) const;
  bool knows(std::string_view domain, std::string_view op_type) const;
  std::vector<std::string> names() const;  // qualified, sorted

  struct Operator {
    std::string domain, op_type;     // domain "" is the standard one
    std::vector<Versions> versions;  // ascending, neighbouring ranges joined
  };
  std::vector<Operator> operators() const;  // by domain, then name

 private:
  struct Entry {
    Versions versions;
    Convert convert;
  };
  std::map<std::pair<std::string, std::string>, std::vector<Entry>> entries_;  // by domain and name
};

// "Conv", "com.microsoft.Gelu".
std::string qualified_name(std::string_view domain, std::string_view op_type);

// "since 11", "1 to 9, since 13".
std::string to_string(const std::vector<Versions>& versions);

// Every converter; filled on first use, thread-safe.
const Registry& registry();

}  // namespace tenon::onnx

namespace tenon {

// Generated from the entries in CMakeLists.txt.
void register_all_onnx(onnx::Registry& registry);

}  // namespace tenon
