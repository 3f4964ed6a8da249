// What finishes the results of a product that are not stored as they come out: the driver hands on rectangles
// of floats, each once, as soon as they are there, while they are in a cache.
#pragma once

#include "base/function_ref.hpp"

#include <cstddef>

namespace tenon::cpu {

struct ProductBlock {
  const float* results;   // of (row, column)
  std::ptrdiff_t stride;  // elements between rows
  int row;
  int rows;
  int column;
  int columns;
  int worker;
};

using ProductFinish = FunctionRef<void(const ProductBlock&)>;

}  // namespace tenon::cpu
