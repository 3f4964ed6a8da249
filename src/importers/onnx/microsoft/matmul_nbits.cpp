// com.microsoft MatMulNBits: a product with constant weights of 2, 4 or 8 bits, each block of a row with a
// scale and a zero point of its own.
#include "importers/onnx/attention.hpp"
#include "importers/onnx/microsoft/microsoft.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/gather.hpp"
#include "ops/matmul.hpp"
#include "ops/slice.hpp"

#include <fmt/format.h>

#include <cstring>

namespace tenon::onnx {
namespace {

struct NBits {
  std::int64_t columns, inner, bits, block, blocks;  // N, K, …, blocks of a row

  explicit NBits(NodeContext& node)
      : columns(node.attr_int("N")),
        inner(node.attr_int("K")),
        bits(node.attr_int("bits", 4)),
        block(node.attr_int("block_size")) {
    constexpr std::int64_t kMost = std::int64_t{1} << 30;
    if (bits != 2 && bits != 4 && bits != 8) node.fail(fmt::format("weights of {} bits", bits));
    if (columns < 1 || inner < 1 || block < 1 || columns > kMost || inner > kMost || block > kMost ||
        block * bits % 8 != 0)
      node.fail(fmt::format("{} × {} weights in blocks of {}", columns, inner, block));
    blocks = (inner + block - 1) / block;
  }
  DataType dtype() const { return bits == 2 ? DataType::u2 : bits == 4 ? DataType::u4 : DataType::u8; }
};

std::span<const std::byte> constant_bytes(NodeContext& node, std::size_t i, std::int64_t count) {
  const Tensor* tensor = node.constant(i);
  if (tensor == nullptr || tensor->dtype() != DataType::u8)
    node.fail(fmt::format("input {} must be constant u8", i));
  if (tensor->elements() != count)
    node.fail(fmt::format("input {} has {} bytes, expected {}", i, tensor->elements(), count));
  return {static_cast<const std::byte*>(tensor->data()), static_cast<std::size_t>(count)};
}

// Rows that each begin at a byte, as one packed tensor [rows, row].
Tensor packed_rows(std::span<const std::byte> bytes, const NBits& form, std::int64_t row) {
  Tensor tensor(form.dtype(), {form.columns, row});
  auto* to = static_cast<std::byte*>(tensor.mutable_data());
  if (row * form.bits % 8 == 0) {
    std::memcpy(to, bytes.data(), bytes.size());
    return tensor;
  }
  const auto bits = static_cast<std::size_t>(form.bits), per_byte = 8 / bits;
  const auto length = static_cast<std::size_t>(row);
  const std::size_t stride = (length * bits + 7) / 8;
  const auto mask = static_cast<std::byte>((1U << bits) - 1);
  for (std::size_t i = 0; i < static_cast<std::size_t>(form.columns) * length; ++i) {
    const std::size_t column = i % length;
    const std::byte from = bytes[i / length * stride + column / per_byte];
    to[i / per_byte] |= ((from >> (column % per_byte * bits)) & mask) << (i % per_byte * bits);
  }
  return tensor;
}

// The zero points [N, blocks] as the packed integers of the weights; 2^(bits-1) where there are none.
ValueId packed_zero_points(NodeContext& node, const NBits& form) {
  if (node.has(3)) {
    const std::int64_t stride = (form.blocks * form.bits + 7) / 8;
    return node.graph().add_constant(
        packed_rows(constant_bytes(node, 3, form.columns * stride), form, form.blocks));
  }
  unsigned fill = 0;
  for (std::int64_t at = 0; at < 8; at += form.bits) fill |= 1U << (at + form.bits - 1);
  Tensor tensor(form.dtype(), {form.columns, form.blocks});
  std::memset(tensor.mutable_data(), static_cast<int>(fill), tensor.size_bytes());
  return node.graph().add_constant(std::move(tensor));
}

// The weights [N, K] as floats.
ValueId weights_of(NodeContext& node, const NBits& form) {
  const std::int64_t row = form.blocks * form.block;
  ValueId weights = node.graph().add_constant(
      packed_rows(constant_bytes(node, 1, form.columns * (row * form.bits / 8)), form, row));
  const ValueId scales = reshape(node, node.input(2), {form.columns, form.blocks});
  const bool float_zeros = node.has(3) && node.dtype(3) != DataType::u8;
  const bool regular = !node.has(4) && !float_zeros;
  if (regular) {
    op::DequantizeLinear dequantize;
    dequantize.block_size = form.block;
    weights = node.add(dequantize, {weights, scales, packed_zero_points(node, form)});
  }
  if (row != form.inner) {
    op::Slice slice;
    slice.axes = Ints{1};
    slice.starts = Ints{0};
    slice.ends = Ints{form.inner};
    weights = node.add(slice, {weights});
  }
  if (regular) return weights;

  // Each column of the weights names its block.
  ValueId block_of;
  if (node.has(4)) {
    block_of = node.input(4);
  } else {
    Ints blocks(static_cast<std::size_t>(form.inner));
    for (std::int64_t k = 0; k < form.inner; ++k) blocks[static_cast<std::size_t>(k)] = k / form.block;
    block_of = node.ints(blocks);
  }
  const DataType dtype = node.dtype(2);
  const ValueId zeros = float_zeros ? reshape(node, node.input(3), {form.columns, form.blocks})
                                    : cast(node, packed_zero_points(node, form), dtype);
  const ValueId centred =
      combine(node, PointwiseFn::sub, cast(node, weights, dtype), node.add(op::Gather{1}, {zeros, block_of}));
  return combine(node, PointwiseFn::mul, centred, node.add(op::Gather{1}, {scales, block_of}));
}

Values matmul_nbits(NodeContext& node) {
  node.require_inputs(3, 6);
  node.ignore_attrs({"accuracy_level"});  // how exact it must be at least
  if (node.attr_int("weight_prepacked", 0) != 0) node.fail("weights packed for another device");
  const NBits form(node);
  op::MatMul product;
  product.transpose_b = true;
  Values operands = {node.input(0), weights_of(node, form)};
  if (node.has(5)) operands.push_back(node.input(5));
  return one(node.add(std::move(product), std::move(operands)));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_matmul_nbits(onnx::Registry& registry) {
  registry.add("MatMulNBits", onnx::matmul_nbits, {}, onnx::kMicrosoft);
}

}  // namespace tenon
