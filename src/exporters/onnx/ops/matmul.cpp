// matmul: Gemm where it is a product of two matrices, else MatMul with what is around it as nodes.
#include "ops/matmul.hpp"

#include "exporters/onnx/node_writer.hpp"

#include <cmath>
#include <numeric>

namespace tenon::onnx_export {
namespace {

// The operand with its last two axes exchanged; vectors stay. What comes from Gemm and has no known rank is a
// matrix.
Name transposed(NodeWriter& node, std::size_t i) {
  if (node.dims(i) == nullptr) return node.add("Transpose", {node.input(i)}, {{"perm", Ints{1, 0}}});
  const auto rank = static_cast<std::size_t>(node.rank(i));
  if (rank < 2) return node.input(i);
  Ints perm(rank);
  std::iota(perm.begin(), perm.end(), 0);
  std::swap(perm[rank - 2], perm[rank - 1]);
  return node.add("Transpose", {node.input(i)}, {{"perm", perm}});
}

bool is_matrix(const NodeWriter& node, std::size_t i) {
  return node.dims(i) != nullptr && node.dims(i)->size() == 2;
}

void matmul(NodeWriter& node) {
  const auto& op = node.op<op::MatMul>();
  constexpr std::size_t kBias = 2;
  const bool plain = !op.transpose_a && !op.transpose_b && op.alpha == 1 && !node.has(kBias);
  if (plain) return node.finish("MatMul", {node.input(0), node.input(1)});
  if (is_matrix(node, 0) && is_matrix(node, 1)) {
    return node.finish("Gemm", {node.input(0), node.input(1), node.input(kBias)},
                       {{"alpha", op.alpha}, {"transA", op.transpose_a}, {"transB", op.transpose_b}});
  }
  Name a = op.transpose_a ? transposed(node, 0) : node.input(0);
  const Name b = op.transpose_b ? transposed(node, 1) : node.input(1);
  const auto scaled = [&](Name x) {
    return node.add("Mul", {std::move(x), node.scalar(node.dtype(0), op.alpha)});
  };
  // Where the factor makes the product smaller, it goes first: the sum of f16 products may overflow.
  const bool first = std::abs(op.alpha) < 1;
  if (first) a = scaled(std::move(a));
  const bool last = !first && op.alpha != 1;
  if (!last && !node.has(kBias)) return node.finish("MatMul", {a, b});
  Name y = node.add("MatMul", {a, b});
  if (!node.has(kBias)) return node.finish("Mul", {y, node.scalar(node.dtype(0), op.alpha)});
  if (last) y = scaled(std::move(y));
  node.finish("Add", {y, node.input(kBias)});
}

}  // namespace
}  // namespace tenon::onnx_export

namespace tenon {

void register_onnx_export_matmul(onnx_export::Registry& registry) {
  registry.add("matmul", onnx_export::matmul);
}

}  // namespace tenon
