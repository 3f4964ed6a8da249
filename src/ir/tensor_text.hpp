// Tensors as text: "f32[2,2] [1, 2, 3, 4]", "f32[64] splat(0.5)", and by hash "f32[64,3,7,7] #9f2c…" with the
// bytes in a BlobStore.
#pragma once

#include "ir/blob_store.hpp"
#include "ir/lexer.hpp"
#include "ir/type.hpp"

#include <tenon/tensor.hpp>

#include <string>

namespace tenon {

// Tensors of more elements than this are printed by hash, unless all are equal.
inline constexpr std::int64_t kMaxInlineElements = 16;

// Adds the bytes of what is printed by hash to `blobs`, when given.
std::string print_tensor(const Tensor& tensor, BlobStore* blobs);

class TensorParser {
 public:
  explicit TensorParser(const BlobStore* blobs) : blobs_(blobs) {}

  // Whether the next token can follow the type in a tensor.
  static bool starts(const Lexer& lexer);
  // Reads what follows the type, which must be static, dense and plain.
  Tensor parse(Lexer& lexer, std::size_t type_offset, const Type& type);

 private:
  Tensor parse_blob(Lexer& lexer, DataType dtype, Shape shape);

  const BlobStore* blobs_;
  std::size_t allocated_ = 0;
};

}  // namespace tenon
