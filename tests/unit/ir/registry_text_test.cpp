// For every built-in operator: its text reads back to the same operator, with default and with random fields
// of every kind.
#include "base/random.hpp"
#include "ir/parser.hpp"
#include "ir/printer.hpp"
#include "ops/registry.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <bit>

namespace tenon {
namespace {

std::string random_text(Random& random) {
  std::string text;
  for (std::uint32_t n = random.below(8); n > 0; --n) text += static_cast<char>(random.below(256));
  return text;
}

float random_float(Random& random) {
  return random.one_in(2) ? static_cast<float>(random.between(-9, 9)) : std::bit_cast<float>(random());
}

Type random_type(Random& random, int depth) {
  const std::uint32_t kind = depth == 0 ? 0 : random.below(6);
  if (kind == 1) return Type::sequence(random_type(random, depth - 1));
  if (kind == 2) return Type::optional(random_type(random, depth - 1));
  if (kind == 3)
    return Type::map(random.one_in(2) ? DataType::i64 : DataType::string, random_type(random, depth - 1));
  TensorType type;
  type.dtype = static_cast<DataType>(random.below(kDataTypeCount));
  if (random.one_in(5)) return type;
  type.dims.emplace();
  for (std::uint32_t rank = random.below(6); rank > 0; --rank) {
    const Dim choices[] = {Dim(random.between(0, 300)),
                           Dim::symbol("N"),
                           Dim::symbol("a \"b\""),
                           Dim::unknown(),
                           floor_div(Dim::symbol("H") * 3 + 1, Dim(2)),
                           min(Dim::symbol("H"), Dim::symbol("N"))};
    type.dims->push_back(choices[random.below(6)]);
  }
  if (type.dims->size() == 4 && random.one_in(2)) {
    type.layout = random.one_in(2) ? Layout::channels_last(4) : Layout::channel_blocked(8);
  }
  return type;
}

Tensor random_tensor(Random& random) {
  const auto dtype = static_cast<DataType>(random.below(kDataTypeCount));
  Tensor tensor(dtype, {random.between(0, 3), random.between(1, 9)});
  if (dtype == DataType::string) {
    for (std::string& text : tensor.mutable_values<std::string>()) text = random_text(random);
  } else {
    for (std::size_t i = 0; i < tensor.size_bytes(); ++i)
      tensor.mutable_data()[i] = static_cast<std::byte>(random.below(256));
  }
  return tensor;
}

PointwiseProgram random_program(Random& random) {
  PointwiseProgram program;
  program.inputs = static_cast<std::uint16_t>(random.between(1, 4));
  for (std::uint32_t n = random.below(5); n > 0; --n) {
    PointwiseProgram::Instruction instruction;
    instruction.kind = static_cast<PointwiseProgram::Kind>(random.below(3));
    const auto registers = static_cast<std::uint32_t>(program.inputs + program.code.size());
    int arity = instruction.kind == PointwiseProgram::Kind::cast ? 1 : 0;
    if (instruction.kind == PointwiseProgram::Kind::call) {
      instruction.fn =
          static_cast<PointwiseFn>(random.below(static_cast<std::uint32_t>(pointwise_fn_count())));
      instruction.alpha = random_float(random);
      instruction.beta = random.one_in(2) ? random_float(random) : info(instruction.fn).beta;
      arity = info(instruction.fn).arity;
    } else {
      instruction.to = static_cast<DataType>(random.below(kDataTypeCount));
      if (instruction.kind == PointwiseProgram::Kind::constant) instruction.alpha = random_float(random);
    }
    for (int k = 0; k < arity; ++k) instruction.args[k] = static_cast<std::uint16_t>(random.below(registers));
    program.code.push_back(instruction);
  }
  return program;
}

struct RandomValue {
  Random& random;
  const FieldInfo& field;

  AttributeValue operator()(bool) const { return random.one_in(2); }
  AttributeValue operator()(std::int64_t) const { return random.between(-(1 << 20), 1 << 20); }
  AttributeValue operator()(float) const { return random_float(random); }
  AttributeValue operator()(const std::string&) const {
    if (field.choices.empty()) return random_text(random);
    return std::string(field.choices[random.below(static_cast<std::uint32_t>(field.choices.size()))]);
  }
  AttributeValue operator()(DataType) const { return static_cast<DataType>(random.below(kDataTypeCount)); }
  AttributeValue operator()(const Type&) const { return random_type(random, 3); }
  AttributeValue operator()(const Tensor&) const { return random_tensor(random); }
  AttributeValue operator()(const PointwiseProgram&) const { return random_program(random); }
  template <class T>
  AttributeValue operator()(const std::vector<T>&) const {
    std::vector<T> items;
    for (std::uint32_t n = random.below(4); n > 0; --n) items.push_back(std::get<T>((*this)(T{})));
    return items;
  }
};

void expect_same_after_text(const Op& op) {
  BlobStore blobs;
  const std::string text = print(op, &blobs);
  SCOPED_TRACE(text);
  const Op again = parse_op(text, builtin_ops(), &blobs);
  ASSERT_TRUE(again == op) << print(again, &blobs);
  EXPECT_EQ(again.hash(), op.hash());
  EXPECT_EQ(print(again, &blobs), text);
}

TEST(EveryOperator, RoundTripsWithDefaultFields) {
  EXPECT_FALSE(builtin_ops().names().empty());
  for (const std::string& name : builtin_ops().names()) {
    const Op& op = *builtin_ops().find(name);
    expect_same_after_text(op);
    EXPECT_EQ(op.name(), name);
    EXPECT_EQ(print(op), name) << "default fields are not printed";
  }
}

TEST(EveryOperator, RoundTripsWithRandomFields) {
  constexpr std::uint64_t kSeed = 2024;
  constexpr int kRounds = 40;
  Random random(kSeed);
  for (const std::string& name : builtin_ops().names()) {
    const Op& prototype = *builtin_ops().find(name);
    const std::vector<FieldInfo> fields = prototype.fields();
    for (int round = 0; round < kRounds && !fields.empty(); ++round) {
      AttributeList attributes;
      for (const FieldInfo& field : fields) {
        if (random.one_in(3)) continue;
        attributes.push_back({std::string(field.name), std::visit(RandomValue{random, field}, field.zero)});
      }
      expect_same_after_text(prototype.with_attributes(attributes));
      if (HasFatalFailure()) return;
    }
  }
}

TEST(EveryOperator, RefusesUnknownFields) {
  for (const std::string& name : builtin_ops().names()) {
    EXPECT_THROW(parse_op(name + " {no_such_field=1}", builtin_ops()), ModelError) << name;
  }
}

}  // namespace
}  // namespace tenon
