// Operators that ONNX has as they are: a row says what the operator and its fields are called there.
#include "base/check.hpp"
#include "exporters/onnx/node_writer.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

namespace tenon::onnx_export {
namespace {

// `name`: of the attribute; empty: that of the field.
struct FieldName {
  std::string_view field;
  std::string_view name = {};
};

struct Row {
  std::string_view op;
  std::string_view op_type;
  std::array<FieldName, 4> renamed = {};
  std::int64_t since = 0;
};

constexpr std::array kRows = {
    Row{"affine_grid", "AffineGrid"},
    Row{"arg_max", "ArgMax", {{{"keep_dims", "keepdims"}, {"select_last", "select_last_index"}}}},
    Row{"arg_min", "ArgMin", {{{"keep_dims", "keepdims"}, {"select_last", "select_last_index"}}}},
    Row{"batch_norm", "BatchNormalization"},
    Row{"bernoulli", "Bernoulli"},
    Row{"bitcast", "BitCast", {}, 26},
    Row{"center_crop_pad", "CenterCropPad"},
    Row{"col2im", "Col2Im"},
    Row{"compress", "Compress"},
    Row{"concat", "Concat"},
    Row{"concat_from_sequence", "ConcatFromSequence"},
    Row{"dequantize_linear", "DequantizeLinear"},
    Row{"det", "Det"},
    Row{"dynamic_quantize_linear", "DynamicQuantizeLinear"},
    Row{"einsum", "Einsum"},
    Row{"expand", "Expand"},
    Row{"eye_like", "EyeLike"},
    Row{"flatten", "Flatten"},
    Row{"gather", "Gather"},
    Row{"gather_elements", "GatherElements"},
    Row{"gather_nd", "GatherND"},
    Row{"global_average_pool", "GlobalAveragePool"},
    Row{"global_lp_pool", "GlobalLpPool"},
    Row{"global_max_pool", "GlobalMaxPool"},
    Row{"grid_sample", "GridSample", {{{"padding", "padding_mode"}}}},
    Row{"hardmax", "Hardmax"},
    Row{"identity", "Identity"},
    Row{"instance_norm", "InstanceNormalization"},
    Row{"log_softmax", "LogSoftmax"},
    Row{"lp_norm", "LpNormalization"},
    Row{"lrn", "LRN"},
    Row{"matmul_integer", "MatMulInteger"},
    Row{"multinomial", "Multinomial"},
    Row{"non_max_suppression", "NonMaxSuppression"},
    Row{"non_zero", "NonZero"},
    Row{"one_hot", "OneHot"},
    Row{"optional", "Optional"},
    Row{"optional_get_element", "OptionalGetElement"},
    Row{"optional_has_element", "OptionalHasElement"},
    Row{"qlinear_matmul", "QLinearMatMul"},
    Row{"quantize_linear", "QuantizeLinear"},
    Row{"random_normal", "RandomNormal"},
    Row{"random_normal_like", "RandomNormalLike"},
    Row{"random_uniform", "RandomUniform"},
    Row{"random_uniform_like", "RandomUniformLike"},
    Row{"reverse_sequence", "ReverseSequence"},
    Row{"scatter_elements", "ScatterElements"},
    Row{"scatter_nd", "ScatterND"},
    Row{"sequence_at", "SequenceAt"},
    Row{"sequence_construct", "SequenceConstruct"},
    Row{"sequence_empty", "SequenceEmpty"},
    Row{"sequence_erase", "SequenceErase"},
    Row{"sequence_insert", "SequenceInsert"},
    Row{"sequence_length", "SequenceLength"},
    Row{"shape", "Shape"},
    Row{"size", "Size"},
    Row{"softmax", "Softmax"},
    Row{"split_to_sequence", "SplitToSequence", {{{"keep_dims", "keepdims"}}}},
    Row{"tensor_scatter", "TensorScatter", {}, 24},
    Row{"tile", "Tile"},
    Row{"transpose", "Transpose"},
    Row{"unique", "Unique"},
    Row{"where", "Where"},
};

const Row& row_of(std::string_view op) {
  const auto* const row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.op == op; });
  TENON_CHECK(row != kRows.end(), "no row for {}", op);
  return *row;
}

std::string attribute_name(const Row& row, const std::string& field) {
  for (const FieldName& renamed : row.renamed) {
    if (renamed.field == field) return std::string(renamed.name);
  }
  return field;
}

// Lists that ONNX reads as something else than their absence.
bool keeps_empty(std::string_view op, std::string_view field) {
  return field == "shape" || op == "center_crop_pad";
}

// What ONNX has no word for, and need not know.
bool is_ours(std::string_view op, std::string_view field) {
  return field == "optional" && (op == "quantize_linear" || op == "dequantize_linear");
}

void one_to_one(NodeWriter& node) {
  const Row& row = row_of(node.node().op.name());
  if (row.since > 0) node.need_opset(row.since);
  AttributeList attributes;
  for (Attribute& attribute : node.node().op.attributes()) {
    if (is_ours(row.op, attribute.name)) continue;
    const auto* list = std::get_if<Ints>(&attribute.value);
    if (list != nullptr && list->empty() && !keeps_empty(row.op, attribute.name)) continue;
    attributes.push_back({attribute_name(row, attribute.name), std::move(attribute.value)});
  }
  node.finish(row.op_type, node.inputs(), attributes);
}

void depth_to_space(NodeWriter& node) {
  AttributeList attributes = node.node().op.attributes();
  for (Attribute& attribute : attributes) {
    if (auto* text = std::get_if<std::string>(&attribute.value)) {
      for (char& c : *text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  node.finish("DepthToSpace", node.inputs(), attributes);
}

}  // namespace
}  // namespace tenon::onnx_export

namespace tenon {

void register_onnx_export_one_to_one(onnx_export::Registry& registry) {
  for (const onnx_export::Row& row : onnx_export::kRows) registry.add(row.op, onnx_export::one_to_one);
  registry.add("depth_to_space", onnx_export::depth_to_space);
}

}  // namespace tenon
