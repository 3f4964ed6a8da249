// Types of values: Tensor, Sequence, Optional, Map. Text: f32[N,3,224,224], f32[*] for unknown rank,
// f32[1,64,56,56]@nchw16c, f32[1,64,56,56]@nchw16c:bf16, i8[64,3,3,3]{scale=%s, axis=0}, seq<f32[*]>,
// opt<i64[]>, map<i64, f32[]>.
#pragma once

#include "base/ids.hpp"
#include "ir/dim.hpp"

#include <tenon/data_type.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

using ValueId = Id<struct ValueTag>;

// Physical order of a tensor's elements: logical axes in `order` (outermost first; empty = row-major), then
// inner blocks, innermost last. A blocked axis is zero-padded up to a multiple of its block. Default: plain
// row-major. Text: "nchw16c" style for rank 4 and 5 where it fits ("nhwc", "nchw16c", …), else "(0,2,3,1)" or
// "(0,1,2,3|1:16)". A value of type f32 may be stored in 16 bits, each element rounded to nearest even:
// "nchw16c:bf16", ":f16".
struct Layout {
  struct Block {
    int axis = 0;
    int size = 1;
    bool operator==(const Block&) const = default;
  };
  std::vector<int> order;
  std::vector<Block> blocks;
  std::optional<DataType> stored = {};  // bf16 or f16; nothing: the value's own type

  bool is_plain() const noexcept { return is_row_major() && !stored; }
  bool is_row_major() const noexcept { return order.empty() && blocks.empty(); }
  bool operator==(const Layout&) const = default;
  std::string to_string() const;  // "" for plain
  static Layout parse(std::string_view text);
  // nChw16c and its kind: row-major with one inner block on axis 1.
  static Layout channel_blocked(int block);
  // Channels last for that rank, e.g. nhwc for 4.
  static Layout channels_last(int rank);
  // The same order with elements of that type.
  Layout stored_as(std::optional<DataType> type) const;
  // Shape of the stored array, blocks included: [1,20,7,7]@nchw16c → [1,2,7,7,16].
  Dims physical_dims(const Dims& logical) const;
};

// How integers stand for reals: real = (q - zero_point) * scale. Scale and zero point are values of the
// graph, constant or computed; an invalid zero_point means 0.
struct Quantization {
  enum class Scheme : std::uint8_t { none, per_tensor, per_axis, blocked };
  Scheme scheme = Scheme::none;
  int axis = 0;            // per_axis and blocked
  std::int64_t block = 0;  // blocked: elements of `axis` that share a scale
  ValueId scale;
  ValueId zero_point;
  bool operator==(const Quantization&) const = default;
};

struct TensorType {
  DataType dtype = DataType::f32;
  std::optional<Dims> dims;  // nothing: unknown rank
  Layout layout;
  Quantization quant;

  bool operator==(const TensorType&) const = default;
  bool is_static() const noexcept;  // rank and every dim constant
};

class Type {
 public:
  enum class Kind : std::uint8_t { tensor, sequence, optional, map };

  Type();                   // f32[*]
  Type(TensorType tensor);  // NOLINT(google-explicit-constructor)
  static Type tensor(DataType dtype, Dims dims);
  static Type tensor(DataType dtype);  // unknown rank
  static Type sequence(Type element);
  static Type optional(Type element);
  static Type map(DataType key, Type value);

  Kind kind() const noexcept { return kind_; }
  bool is_tensor() const noexcept { return kind_ == Kind::tensor; }
  const TensorType& as_tensor() const;  // ModelError when of another kind
  TensorType& as_tensor();
  const Type& element() const;  // of sequence and optional; value type of map
  DataType key() const;         // of map

  friend bool operator==(const Type& a, const Type& b) noexcept;
  std::uint64_t hash() const noexcept;

  std::string to_string() const;  // scale and zero point as %<id>
  static Type parse(
      std::string_view text);  // ModelError with column; types with quant value ids are parsed by ir/parser

 private:
  Kind kind_ = Kind::tensor;
  DataType key_ = DataType::i64;
  TensorType tensor_;
  std::shared_ptr<const Type> element_;
};

// The type with every scale and zero point, at any depth, replaced by what `rename` gives for it.
Type rename_values(const Type& type, const std::function<ValueId(ValueId)>& rename);

// The type of the stored array: where the layout says in which element type it is, of that type.
TensorType stored_type(TensorType type);

// Bytes of the stored array (layout padding included) for concrete dims.
std::int64_t storage_bytes(const TensorType& type, const std::vector<std::int64_t>& dims);

}  // namespace tenon
