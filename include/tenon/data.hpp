// Data: what an input, an output or a value of a network holds when it may be more than a tensor: a tensor, a
// sequence, a map, or nothing (an empty optional).
#pragma once

#include <tenon/tensor.hpp>

#include <memory>
#include <span>
#include <variant>
#include <vector>

namespace tenon {

struct Data;

struct SequenceData {
  std::vector<Data> elements;
};

// Keys are a rank-1 tensor (integers or strings); element i of `values` belongs to key i.
struct MapData {
  Tensor keys;
  std::shared_ptr<const Data> values;  // a tensor whose first axis follows the keys, or a sequence
};

// Copies share what they hold, which nobody changes; thread-safe for concurrent reads.
struct Data {
  std::variant<std::monostate, Tensor, std::shared_ptr<const SequenceData>, std::shared_ptr<const MapData>>
      value;

  Data() = default;
  Data(Tensor tensor) : value(std::move(tensor)) {}  // NOLINT(google-explicit-constructor)
  Data(SequenceData sequence)
      : value(std::make_shared<const SequenceData>(std::move(sequence))) {
  }  // NOLINT(google-explicit-constructor)
  Data(MapData map)
      : value(std::make_shared<const MapData>(std::move(map))) {}  // NOLINT(google-explicit-constructor)

  bool present() const noexcept { return !std::holds_alternative<std::monostate>(value); }
  bool is_tensor() const noexcept { return std::holds_alternative<Tensor>(value); }
  const Tensor& tensor() const;  // ModelError when it is something else
  Tensor& tensor();
  const SequenceData& sequence() const;
  const MapData& map() const;
};

// A map; as many keys (rank 1) as `values` has rows or elements, else ModelError.
Data make_map(Tensor keys, Data values);

}  // namespace tenon
