// Writes GraphDef and SavedModel bytes: what the tests need, field by field.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::test {

// --- protobuf ---
std::string varint_field(int field, std::uint64_t value);
std::string bytes_field(int field, std::string_view bytes);

// --- attributes: (name, encoded AttrValue) ---
using Attribute = std::pair<std::string, std::string>;
Attribute int_attr(std::string name, std::int64_t value);
Attribute bool_attr(std::string name, bool value);
Attribute string_attr(std::string name, std::string_view value);
Attribute type_attr(std::string name, int code);
Attribute ints_attr(std::string name, std::initializer_list<std::int64_t> values);
Attribute shape_attr(std::string name, const std::vector<std::int64_t>& dims);
Attribute function_attr(std::string name, std::string_view function);
Attribute tensor_attr(std::string name, int code, const std::vector<std::int64_t>& dims,
                      std::string_view content);
inline constexpr int kFloatType = 1;
inline constexpr int kIntType = 3;
inline constexpr int kBoolType = 10;

class GraphWriter {
 public:
  GraphWriter& node(std::string_view name, std::string_view op, const std::vector<std::string>& inputs = {},
                    const std::vector<Attribute>& attributes = {});
  GraphWriter& placeholder(std::string_view name, const std::vector<std::int64_t>& dims,
                           int code = kFloatType);
  GraphWriter& floats(std::string_view name, const std::vector<std::int64_t>& dims,
                      const std::vector<float>& values);
  GraphWriter& ints(std::string_view name, const std::vector<std::int64_t>& dims,
                    const std::vector<std::int32_t>& values);
  // A function of float tensors: its nodes are those of `body`.
  GraphWriter& function(std::string_view name, const std::vector<std::string>& inputs,
                        const std::vector<std::pair<std::string, std::string>>& results,
                        const GraphWriter& body);
  std::string graph() const;  // GraphDef
  // SavedModel with one signature of these (key, tensor) pairs.
  std::string saved_model(const std::vector<std::pair<std::string, std::string>>& inputs,
                          const std::vector<std::pair<std::string, std::string>>& outputs) const;

 private:
  std::string nodes_;
  std::vector<std::string> node_messages_;
  std::string functions_;
};

}  // namespace tenon::test
