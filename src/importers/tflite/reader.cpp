#include "importers/tflite/reader.hpp"

#include "base/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace tenon::tflite {
namespace {

constexpr std::string_view kIdentifier = "TFL3";
// What is read takes more memory than the bytes that say it, and tables may be shared.
constexpr std::size_t kMaxTables = 100'000;
constexpr std::size_t kMaxRank = 64;
constexpr std::size_t kMaxOperands = 10'000;
constexpr std::size_t kMaxChannels = 1'000'000;
// Of all lists together: many tables may share one list, of which each gets a copy.
constexpr std::size_t kMaxNumbers = 4'000'000;

// Fields by their numbers in the schema.
namespace model {
enum : std::size_t { version, operator_codes, subgraphs, description, buffers };
}
namespace code {
enum : std::size_t { short_code, custom, version, code };
}
namespace subgraph {
enum : std::size_t { tensors, inputs, outputs, operators, name };
}
namespace tensor {
enum : std::size_t { shape, type, buffer, name, quantization, variable, sparsity, signature };
}
namespace quantization {
enum : std::size_t { min, max, scale, zero_point, details_type, details, axis };
}
namespace node {
enum : std::size_t { code, inputs, outputs, options_type, options };
}

QuantDef read_quantization(const FlatTable& table) {
  QuantDef def;
  def.scale = table.numbers<float>(quantization::scale, kMaxChannels);
  def.zero_point = table.numbers<std::int64_t>(quantization::zero_point, kMaxChannels);
  def.axis = table.scalar<std::int32_t>(quantization::axis, 0);
  TENON_REQUIRE(def.zero_point.empty() || def.zero_point.size() == def.scale.size(),
                "a tensor has {} scales and {} zero points", def.scale.size(), def.zero_point.size());
  return def;
}

TensorDef read_tensor(const FlatTable& table, const std::vector<FlatTable>& buffers) {
  TensorDef def;
  def.name = table.text(tensor::name);
  def.shape = table.numbers<std::int32_t, std::int64_t>(tensor::shape, kMaxRank);
  def.signature = table.numbers<std::int32_t, std::int64_t>(tensor::signature, kMaxRank);
  def.type = table.scalar<std::int8_t>(tensor::type, 0);
  def.variable = table.scalar<std::uint8_t>(tensor::variable, 0) != 0;
  TENON_REQUIRE(!table.has(tensor::sparsity), "tensor '{}' is sparse, which is not supported", def.name);
  const auto buffer = table.scalar<std::uint32_t>(tensor::buffer, 0);
  TENON_REQUIRE(buffer == 0 || buffer < buffers.size(), "tensor '{}' is in buffer {} of {}", def.name, buffer,
                buffers.size());
  if (buffer < buffers.size()) def.data = buffers[buffer].bytes(0);
  if (const auto quantized = table.table(tensor::quantization))
    def.quantization = read_quantization(*quantized);
  return def;
}

class NumberCount {
 public:
  void add(std::size_t numbers) {
    count_ += numbers;
    TENON_REQUIRE(count_ <= kMaxNumbers, "the lists of the file have more than {} elements", kMaxNumbers);
  }

 private:
  std::size_t count_ = 0;
};

void check_indices(const std::vector<std::int32_t>& indices, std::size_t count, std::int32_t least) {
  for (const std::int32_t index : indices) {
    TENON_REQUIRE(index >= least && index < static_cast<std::int64_t>(count), "there is no tensor {}", index);
  }
}

OperatorDef read_operator(const FlatTable& table, const std::vector<FlatTable>& codes) {
  OperatorDef def;
  const auto index = table.scalar<std::uint32_t>(node::code, 0);
  TENON_REQUIRE(index < codes.size(), "there is no operator code {}", index);
  const FlatTable& entry = codes[index];
  // Codes that do not fit a byte are in the newer field alone.
  def.code = std::max<std::int32_t>(entry.scalar<std::int8_t>(code::short_code, 0),
                                    entry.scalar<std::int32_t>(code::code, 0));
  def.custom = entry.text(code::custom);
  def.inputs = table.numbers<std::int32_t>(node::inputs, kMaxOperands);
  def.outputs = table.numbers<std::int32_t>(node::outputs, kMaxOperands);
  if (const auto options = table.table(node::options)) def.options = *options;
  return def;
}

}  // namespace

ModelDef read_model(std::string_view bytes) {
  const FlatTable root = FlatTable::root(bytes, kIdentifier);
  const auto codes = root.tables(model::operator_codes, kMaxTables);
  const auto buffers = root.tables(model::buffers, kMaxTables);
  const auto subgraphs = root.tables(model::subgraphs, kMaxTables);
  TENON_REQUIRE(!subgraphs.empty(), "the file holds no graph");
  const FlatTable& main = subgraphs.front();
  ModelDef def;
  def.name = main.text(subgraph::name);
  NumberCount numbers;
  for (const FlatTable& table : main.tables(subgraph::tensors, kMaxTables)) {
    const TensorDef& tensor = def.tensors.emplace_back(read_tensor(table, buffers));
    numbers.add(tensor.quantization.scale.size() + tensor.quantization.zero_point.size());
  }
  for (const FlatTable& table : main.tables(subgraph::operators, kMaxTables)) {
    const OperatorDef& node = def.operators.emplace_back(read_operator(table, codes));
    check_indices(node.inputs, def.tensors.size(), -1);
    check_indices(node.outputs, def.tensors.size(), 0);
    numbers.add(node.inputs.size() + node.outputs.size());
  }
  def.inputs = main.numbers<std::int32_t>(subgraph::inputs, kMaxOperands);
  def.outputs = main.numbers<std::int32_t>(subgraph::outputs, kMaxOperands);
  check_indices(def.inputs, def.tensors.size(), 0);
  check_indices(def.outputs, def.tensors.size(), 0);
  return def;
}

DataType data_type(std::int8_t code) {
  static constexpr std::array<std::optional<DataType>, 17> kTypes = {
      DataType::f32,     DataType::f16, DataType::i32, DataType::u8,  DataType::i64, std::nullopt,
      DataType::boolean, DataType::i16, DataType::c64, DataType::i8,  DataType::f64, DataType::c128,
      DataType::u64,     std::nullopt,  std::nullopt,  DataType::u32, DataType::u16};
  const auto index = static_cast<std::size_t>(code);
  TENON_REQUIRE(code >= 0 && index < kTypes.size() && kTypes[index].has_value(),
                "element type {} is not supported", static_cast<int>(code));
  return *kTypes[index];
}

}  // namespace tenon::tflite
