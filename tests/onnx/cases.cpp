#include "onnx/cases.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace tenon::test {
namespace {

struct ElementName {
  std::string_view name;
  DataType dtype;
  ElementType code;
};
constexpr ElementName kElements[] = {
    {"f32", DataType::f32, kFloat},     {"i64", DataType::i64, kInt64}, {"i32", DataType::i32, kInt32},
    {"i16", DataType::i16, kInt16},     {"u8", DataType::u8, kUint8},   {"i8", DataType::i8, kInt8},
    {"bool", DataType::boolean, kBool},
};

const ElementName& element(std::string_view name) {
  for (const ElementName& e : kElements)
    if (e.name == name) return e;
  throw std::runtime_error(fmt::format("no element type {}", name));
}
std::int32_t code_of(DataType dtype) {
  for (const ElementName& e : kElements)
    if (e.dtype == dtype) return e.code;
  throw std::runtime_error("no such element type");
}

template <class T>
void read_values(std::istream& line, Tensor& tensor) {
  for (T& value : tensor.mutable_values<T>()) {
    std::string word;
    line >> word;
    value = static_cast<T>(std::stod(word));
  }
}

// "f32 [B=2,3] 0.5 …"
CaseTensor read_tensor(std::istream& line, CaseTensor::Kind kind) {
  CaseTensor result;
  result.kind = kind;
  std::string type, dims;
  line >> type >> dims;
  std::istringstream list(dims.substr(1, dims.size() - 2));
  Shape shape;
  for (std::string dim; std::getline(list, dim, ',');) {
    const std::size_t equals = dim.find('=');
    result.names.push_back(equals == std::string::npos ? "" : dim.substr(0, equals));
    shape.push_back(std::stoll(equals == std::string::npos ? dim : dim.substr(equals + 1)));
  }
  result.value = Tensor(element(type).dtype, shape);
  switch (result.value.dtype()) {
    case DataType::f32: read_values<float>(line, result.value); break;
    case DataType::i64: read_values<std::int64_t>(line, result.value); break;
    case DataType::i32: read_values<std::int32_t>(line, result.value); break;
    case DataType::i16: read_values<std::int16_t>(line, result.value); break;
    case DataType::u8: read_values<std::uint8_t>(line, result.value); break;
    case DataType::i8: read_values<std::int8_t>(line, result.value); break;
    default: read_values<bool>(line, result.value);
  }
  return result;
}

std::string read_attribute(std::istream& line) {
  std::string name, kind;
  line >> name >> kind;
  std::vector<std::string> words;
  for (std::string word; line >> word;) words.push_back(word);
  Ints ints;
  Floats floats;
  if (kind == "s") return attribute(name, words.at(0).c_str());
  if (kind == "i") return attribute(name, static_cast<std::int64_t>(std::stoll(words.at(0))));
  if (kind == "f") return attribute(name, std::stof(words.at(0)));
  if (kind == "ss") return attribute(name, words);
  for (const std::string& word : words)
    kind == "is" ? ints.push_back(std::stoll(word)) : floats.push_back(std::stof(word));
  return kind == "is" ? attribute(name, ints) : attribute(name, floats);
}

}  // namespace

std::vector<StoredCase> read_cases(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<StoredCase> cases;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string word;
    line >> word;
    if (word.empty() || word[0] == '#') continue;
    if (word == "case") {
      StoredCase& added = cases.emplace_back();
      line >> added.name >> added.domain >> added.version >> added.op;
      continue;
    }
    StoredCase& current = cases.back();
    if (word == "within") line >> current.within;
    if (word == "attr") current.attributes.push_back(read_attribute(line));
    if (word == "in") current.operands.push_back(read_tensor(line, CaseTensor::Kind::input));
    if (word == "const") current.operands.push_back(read_tensor(line, CaseTensor::Kind::constant));
    if (word == "out") current.results.push_back(read_tensor(line, CaseTensor::Kind::output));
    if (word == "none") (line >> word && word == "out" ? current.results : current.operands).emplace_back();
  }
  return cases;
}

ModelText model_of(const StoredCase& c, bool open) {
  ModelText model;
  const bool standard = c.domain == "ai.onnx";
  model.opset = standard ? c.version : 17;
  if (!standard) model.domains = {{c.domain, c.version}};
  NodeText node{c.op, {}, {}, c.attributes, "n", standard ? "" : c.domain};
  for (std::size_t i = 0; i < c.operands.size(); ++i) {
    const CaseTensor& operand = c.operands[i];
    const std::string name = operand.kind == CaseTensor::Kind::absent ? "" : fmt::format("x{}", i);
    node.inputs.push_back(name);
    if (name.empty()) continue;
    const Tensor& value = operand.value;
    if (operand.kind == CaseTensor::Kind::constant) {
      model.graph.initializers.push_back(
          tensor(name, code_of(value.dtype()), value.shape(),
                 {reinterpret_cast<const char*>(value.data()), value.size_bytes()}));
      continue;
    }
    std::vector<DimText> dims;
    for (std::size_t k = 0; k < operand.names.size(); ++k) {
      const bool named = open && !operand.names[k].empty();
      dims.push_back(named ? DimText(operand.names[k].c_str()) : DimText(static_cast<int>(value.shape()[k])));
    }
    model.graph.inputs.push_back(value_info(name, tensor_type(code_of(value.dtype()), dims)));
  }
  for (std::size_t i = 0; i < c.results.size(); ++i) {
    const bool wanted = c.results[i].kind != CaseTensor::Kind::absent;
    node.outputs.push_back(wanted ? fmt::format("y{}", i) : "");
    if (!wanted) continue;
    model.graph.outputs.push_back(
        value_info(node.outputs.back(), tensor_type(code_of(c.results[i].value.dtype()))));
  }
  model.graph.nodes = {node};
  return model;
}

}  // namespace tenon::test
