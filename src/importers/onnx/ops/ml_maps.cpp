// ai.onnx.ml: tables, maps and one-hot codes.
#include "importers/onnx/ops/ml_common.hpp"
#include "ops/binary.hpp"
#include "ops/lookup.hpp"
#include "ops/map_values.hpp"
#include "ops/unsqueeze.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace tenon::onnx {
namespace {

Tensor scalar_of(std::int64_t value) { return Tensor::of<std::int64_t>({}, std::span(&value, 1)); }

Tensor list_of(const Ints& values) {
  return Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
}

Tensor positions(std::size_t count) {
  Ints places(count);
  std::iota(places.begin(), places.end(), 0);
  return list_of(places);
}

// Between strings and the integers beside them, in the direction that the input asks for.
Values between(NodeContext& node, const std::vector<std::string>& strings, const Tensor& numbers,
               const std::string& default_string, std::int64_t default_int) {
  op::Lookup lookup;
  if (node.dtype(0) == DataType::string) {
    lookup.string_keys = strings;
    lookup.values = numbers;
    lookup.otherwise = scalar_of(default_int);
  } else {
    lookup.keys = numbers;
    lookup.string_values = strings;
    lookup.string_otherwise = default_string;
  }
  return one(node.add(std::move(lookup), {node.input(0)}));
}

Values category_mapper(NodeContext& node) {
  node.require_inputs(1, 1);
  const std::vector<std::string> strings =
      node.find_strings("cats_strings").value_or(std::vector<std::string>());
  const Ints ints = node.attr_ints("cats_int64s");
  return between(node, strings, list_of(ints), node.attr_string("default_string", "_Unused"),
                 node.attr_int("default_int64", -1));
}

Values label_encoder_1(NodeContext& node) {
  node.require_inputs(1, 1);
  const std::vector<std::string> classes =
      node.find_strings("classes_strings").value_or(std::vector<std::string>());
  return between(node, classes, positions(classes.size()), node.attr_string("default_string", "_Unused"),
                 node.attr_int("default_int64", -1));
}

// One side of a table: attributes <side>_tensor, _int64s, _floats or _strings.
struct TableSide {
  std::optional<Tensor> numbers;
  std::vector<std::string> texts;
};

TableSide table_side(NodeContext& node, std::string_view side) {
  TableSide result;
  int given = 0;
  const auto take = [&](Tensor tensor) {
    ++given;
    if (tensor.dtype() == DataType::string) {
      const auto texts = tensor.values<std::string>();
      result.texts.assign(texts.begin(), texts.end());
    } else {
      result.numbers = tensor.reshaped({tensor.elements()});
    }
  };
  if (auto tensor = node.find_tensor(fmt::format("{}_tensor", side))) take(std::move(*tensor));
  if (const auto ints = node.find_ints(fmt::format("{}_int64s", side)); ints && !ints->empty())
    take(list_of(*ints));
  if (const auto floats = node.find_floats(fmt::format("{}_floats", side)); floats && !floats->empty())
    take(Tensor::of<float>({static_cast<std::int64_t>(floats->size())}, *floats));
  if (auto texts = node.find_strings(fmt::format("{}_strings", side)); texts && !texts->empty()) {
    ++given;
    result.texts = std::move(*texts);
  }
  if (given != 1) node.fail(fmt::format("expected one list of {}, found {}", side, given));
  return result;
}

Values label_encoder(NodeContext& node) {
  node.require_inputs(1, 1);
  op::Lookup lookup;
  TableSide keys = table_side(node, "keys");
  TableSide values = table_side(node, "values");
  const std::string default_string = node.attr_string("default_string", "_Unused");
  const std::int64_t default_int = node.attr_int("default_int64", -1);
  const float default_float = node.attr_float("default_float", -0.0F);
  const std::optional<Tensor> otherwise = node.find_tensor("default_tensor");
  if (otherwise && otherwise->elements() != 1) node.fail("default_tensor has more than one element");
  if (!values.numbers) {
    lookup.string_otherwise = otherwise ? otherwise->values<std::string>()[0] : default_string;
  } else if (otherwise) {
    lookup.otherwise = otherwise->reshaped({});
  } else {
    const DataType dtype = values.numbers->dtype();
    lookup.otherwise =
        dtype == DataType::i64
            ? scalar_of(default_int)
            : scalar_tensor(dtype, is_integer(dtype) ? -1.0 : static_cast<double>(default_float));
  }
  lookup.keys = std::move(keys.numbers);
  lookup.string_keys = std::move(keys.texts);
  lookup.values = std::move(values.numbers);
  lookup.string_values = std::move(values.texts);
  return one(node.add(std::move(lookup), {node.input(0)}));
}

Values one_hot_encoder(NodeContext& node) {
  node.require_inputs(1, 1);
  const ClassLabels categories = ml_class_labels(node, "cats_strings", "cats_int64s");
  const bool texts = node.dtype(0) == DataType::string;
  if (texts == categories.strings.empty()) node.fail("the categories are not of the input's type");
  op::Lookup lookup;
  lookup.string_keys = categories.strings;
  if (!texts) lookup.keys = list_of(categories.ints);
  lookup.values = positions(categories.size());
  // An unknown category is an error, or with zeros = 1 a row of zeros.
  if (node.attr_bool("zeros", true)) lookup.otherwise = scalar_of(-1);
  const ValueId x = texts ? node.input(0) : cast(node, node.input(0), DataType::i64);
  const ValueId place = node.add(std::move(lookup), {x});
  op::Unsqueeze unsqueeze;
  unsqueeze.axes = Ints{-1};
  const ValueId hot = ml_binary(node, PointwiseFn::equal, node.add(std::move(unsqueeze), {place}),
                                node.graph().add_constant(positions(categories.size())));
  return one(cast(node, hot, DataType::f32));
}

Values dict_vectorizer(NodeContext& node) {
  node.require_inputs(1, 1);
  ClassLabels vocabulary = ml_class_labels(node, "string_vocabulary", "int64_vocabulary");
  op::MapValues op;
  op.keys = std::move(vocabulary.ints);
  op.string_keys = std::move(vocabulary.strings);
  return one(node.add(std::move(op), {node.input(0)}));
}

Values cast_map(NodeContext& node) {
  node.require_inputs(1, 1);
  constexpr std::int64_t kMostColumns = std::int64_t{1} << 20;
  const DataType to =
      std::array{DataType::f32, DataType::string,
                 DataType::i64}[node.attr_choice("cast_to", {"TO_FLOAT", "TO_STRING", "TO_INT64"}, 0)];
  const bool sparse = node.attr_choice("map_form", {"DENSE", "SPARSE"}, 0) == 1;
  const std::int64_t columns = node.attr_int("max_map", 1);
  op::MapValues op;
  if (sparse) {
    if (columns < 1 || columns > kMostColumns) node.fail(fmt::format("max_map is {}", columns));
    op.keys.resize(static_cast<std::size_t>(columns));
    std::iota(op.keys.begin(), op.keys.end(), 0);
    op.absent = std::string(1, '0');
  }
  return one(cast(node, node.add(std::move(op), {node.input(0)}), to));
}

Values zip_map(NodeContext& node) {
  node.require_inputs(1, 1);
  ClassLabels labels = ml_class_labels(node, "classlabels_strings", "classlabels_int64s");
  op::ZipMap op;
  op.keys = std::move(labels.ints);
  op.string_keys = std::move(labels.strings);
  return one(node.add(std::move(op), {node.input(0)}));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_ml_maps(onnx::Registry& registry) {
  using onnx::kMlDomain;
  registry.add("CastMap", onnx::cast_map, {}, kMlDomain);
  registry.add("CategoryMapper", onnx::category_mapper, {}, kMlDomain);
  registry.add("DictVectorizer", onnx::dict_vectorizer, {}, kMlDomain);
  registry.add("LabelEncoder", onnx::label_encoder_1, {1, 1}, kMlDomain);
  registry.add("LabelEncoder", onnx::label_encoder, {2}, kMlDomain);
  registry.add("OneHotEncoder", onnx::one_hot_encoder, {}, kMlDomain);
  registry.add("ZipMap", onnx::zip_map, {}, kMlDomain);
}

}  // namespace tenon
