// Problem: the canonical description of one piece of work, and its text key.
#pragma once

#include "base/cpu_info.hpp"
#include "ir/graph.hpp"

#include <tenon/accuracy.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tenon {

struct Operand {
  Type type;   // as in the graph, dims as expressions; layout plain (candidates say which layouts they want)
  Shape dims;  // at the profile's opt; empty for non-tensors and for dims that are unknown
  Shape max_dims;  // at the profile's max; -1 where unknown
  bool present = true;
  const Tensor* constant = nullptr;  // its value when it is a constant of the graph
};

struct Problem {
  Op op;
  std::vector<Operand> inputs;
  std::vector<Operand> outputs;
  Accuracy accuracy = Accuracy::standard;
  Isa isa = Isa::portable;
  int threads = 1;
  // Where the work comes from, for nodes that own regions: their inputs are the operands, then the captured
  // values.
  const Graph* graph = nullptr;
  NodeId node;
  // 16-bit types in which candidates may take and give values of f32 (Layout::stored).
  std::vector<DataType> stored_types = {};

  // "conv{stride=[2,2],…}(f32[1,3,224,224], c:f32[64,3,7,7], -) -> f32[1,64,112,112] | avx512 t2 standard".
  // Constants are marked but their values are not part of the key. Behind it ", bf16" where values may be
  // stored so.
  std::string key() const;
  bool may_store(DataType type) const noexcept;
  bool has_unknown_dims() const noexcept;  // of an input or output
  const TensorType& input(std::size_t i) const { return inputs.at(i).type.as_tensor(); }
  const TensorType& output(std::size_t i = 0) const { return outputs.at(i).type.as_tensor(); }
  bool has(std::size_t i) const noexcept { return i < inputs.size() && inputs[i].present; }
};

}  // namespace tenon
