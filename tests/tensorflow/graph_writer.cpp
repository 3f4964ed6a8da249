#include "tensorflow/graph_writer.hpp"

#include <cstring>

namespace tenon::test {
namespace {

std::string raw_varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

std::string shape_message(const std::vector<std::int64_t>& dims) {
  std::string message;
  for (const std::int64_t dim : dims)
    message += bytes_field(2, varint_field(1, static_cast<std::uint64_t>(dim)));
  return message;
}

template <class T>
std::string content(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

std::string signature_entries(int field, const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string message;
  for (const auto& [key, tensor] : entries)
    message += bytes_field(field, bytes_field(1, key) + bytes_field(2, bytes_field(1, tensor)));
  return message;
}

}  // namespace

std::string varint_field(int field, std::uint64_t value) {
  return raw_varint(static_cast<std::uint64_t>(field) << 3) + raw_varint(value);
}

std::string bytes_field(int field, std::string_view bytes) {
  return raw_varint(static_cast<std::uint64_t>(field) << 3 | 2) + raw_varint(bytes.size()) +
         std::string(bytes);
}

Attribute int_attr(std::string name, std::int64_t value) {
  return {std::move(name), varint_field(3, static_cast<std::uint64_t>(value))};
}

Attribute bool_attr(std::string name, bool value) {
  return {std::move(name), varint_field(5, value ? 1 : 0)};
}

Attribute string_attr(std::string name, std::string_view value) {
  return {std::move(name), bytes_field(2, value)};
}

Attribute type_attr(std::string name, int code) {
  return {std::move(name), varint_field(6, static_cast<std::uint64_t>(code))};
}

Attribute ints_attr(std::string name, std::initializer_list<std::int64_t> values) {
  std::string packed;
  for (const std::int64_t value : values) packed += raw_varint(static_cast<std::uint64_t>(value));
  return {std::move(name), bytes_field(1, bytes_field(3, packed))};
}

Attribute shape_attr(std::string name, const std::vector<std::int64_t>& dims) {
  return {std::move(name), bytes_field(7, shape_message(dims))};
}

Attribute function_attr(std::string name, std::string_view function) {
  return {std::move(name), bytes_field(10, bytes_field(1, function))};
}

Attribute tensor_attr(std::string name, int code, const std::vector<std::int64_t>& dims,
                      std::string_view content) {
  std::string tensor =
      varint_field(1, static_cast<std::uint64_t>(code)) + bytes_field(2, shape_message(dims));
  if (!content.empty()) tensor += bytes_field(4, content);
  return {std::move(name), bytes_field(8, tensor)};
}

GraphWriter& GraphWriter::node(std::string_view name, std::string_view op,
                               const std::vector<std::string>& inputs,
                               const std::vector<Attribute>& attributes) {
  std::string message = bytes_field(1, name) + bytes_field(2, op);
  for (const std::string& input : inputs) message += bytes_field(3, input);
  for (const auto& [key, value] : attributes)
    message += bytes_field(5, bytes_field(1, key) + bytes_field(2, value));
  nodes_ += bytes_field(1, message);
  node_messages_.push_back(std::move(message));
  return *this;
}

GraphWriter& GraphWriter::placeholder(std::string_view name, const std::vector<std::int64_t>& dims,
                                      int code) {
  return node(name, "Placeholder", {}, {type_attr("dtype", code), shape_attr("shape", dims)});
}

GraphWriter& GraphWriter::floats(std::string_view name, const std::vector<std::int64_t>& dims,
                                 const std::vector<float>& values) {
  return node(name, "Const", {},
              {type_attr("dtype", kFloatType), tensor_attr("value", kFloatType, dims, content(values))});
}

GraphWriter& GraphWriter::ints(std::string_view name, const std::vector<std::int64_t>& dims,
                               const std::vector<std::int32_t>& values) {
  return node(name, "Const", {},
              {type_attr("dtype", kIntType), tensor_attr("value", kIntType, dims, content(values))});
}

GraphWriter& GraphWriter::function(std::string_view name, const std::vector<std::string>& inputs,
                                   const std::vector<std::pair<std::string, std::string>>& results,
                                   const GraphWriter& body) {
  std::string signature = bytes_field(1, name);
  const auto argument = [](std::string_view text) {
    return bytes_field(1, text) + varint_field(3, kFloatType);
  };
  for (const std::string& input : inputs) signature += bytes_field(2, argument(input));
  for (const auto& result : results) signature += bytes_field(3, argument(result.first));
  std::string message = bytes_field(1, signature);
  for (const std::string& node_message : body.node_messages_) message += bytes_field(3, node_message);
  for (const auto& [key, value] : results)
    message += bytes_field(4, bytes_field(1, key) + bytes_field(2, value));
  functions_ += bytes_field(1, message);
  return *this;
}

std::string GraphWriter::graph() const {
  return functions_.empty() ? nodes_ : nodes_ + bytes_field(2, functions_);
}

std::string GraphWriter::saved_model(const std::vector<std::pair<std::string, std::string>>& inputs,
                                     const std::vector<std::pair<std::string, std::string>>& outputs) const {
  const std::string signature = signature_entries(1, inputs) + signature_entries(2, outputs);
  const std::string entry = bytes_field(1, "serving_default") + bytes_field(2, signature);
  const std::string meta =
      bytes_field(1, bytes_field(4, "serve")) + bytes_field(2, graph()) + bytes_field(5, entry);
  return varint_field(1, 1) + bytes_field(2, meta);
}

}  // namespace tenon::test
