// Pointwise programs over float and boolean tensors with broadcast operands:
//
//   dst[i] = program(operand_0[i], operand_1[i], ...)        for each index i of a space
//
// dst is dense in row-major order; an operand has a stride per dimension, 0 where it is broadcast. Registers
// are floats, truth values 1 and 0. i8, u8, i32 and i64 operands may only be cast, to f32 or boolean; whole
// programs over integers belong to another backend. Floats may be stored as bf16 or f16, operands and result
// each as it likes: they are converted a tile at a time. dst may be an operand of the same type that is not
// broadcast.
//
// A program runs tile by tile, an instruction at a time, all its tiles within the first-level cache. Operands
// that lie contiguously are read where they are and the last instruction writes to dst, so one instruction is
// one pass over memory. pointwise_prepare chooses between two loops:
//   rows   the innermost dimension is long, and every operand runs along it with stride 1 or 0, or repeats a
//          short run of elements (one value per channel of a blocked tensor)
//   tiles  dst is cut into flat tiles; operands that do not match are copied into tiles of their own
// A value that is the same for a whole row is computed once a row. Results do not depend on the number of
// threads.
#pragma once

#include "backends/cpu/kernels/kernel.hpp"
#include "backends/cpu/kernels/pointwise/routines.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

inline constexpr int kPointwiseRank = 6;        // after merging dimensions that need no loop of their own
inline constexpr int kPointwiseRegisters = 96;  // operands and instructions together
inline constexpr int kPointwiseTile = 1024;     // floats, at most
// Floats of all scratch tiles together: 24 KiB, so that operands and dst fit in the first-level cache too.
inline constexpr int kPointwiseScratch = 6144;

struct PointwiseKernel {
  KernelInfo info;
  const PointwiseRoutines& (*routines)() noexcept;
};

std::span<const PointwiseKernel> pointwise_kernels();
const PointwiseKernel* select_pointwise(Isa level);

struct PointwiseOperand {
  DataType type = DataType::f32;        // as stored; to the program bf16 and f16 are f32
  std::vector<std::ptrdiff_t> strides;  // elements, one per dimension of the space
};

struct PointwiseProblem {
  PointwiseProgram program;  // verified
  std::vector<std::ptrdiff_t> dims;
  std::vector<PointwiseOperand> operands;
  DataType result = DataType::f32;  // as stored
};

// The strides of a dense operand of `shape` that is broadcast to `dims` by the rule of NumPy.
std::vector<std::ptrdiff_t> broadcast_strides(std::span<const std::ptrdiff_t> shape,
                                              std::span<const std::ptrdiff_t> dims);

// A program made ready for one space. Plain data; copyable, and shared by threads.
struct PointwiseTask {
  using Strides = std::array<std::ptrdiff_t, kPointwiseRank>;

  // Where a register lives while a tile is computed.
  enum class Place : unsigned char {
    operand,  // in the operand's own memory
    tile,     // scratch tile `slot`
    value,    // one float for the row, `slot` of the row's values
    dst,
  };
  struct Location {
    Place place;
    int slot;
  };
  struct Source {
    PointwiseLoad load;
    std::ptrdiff_t element_bytes;
    Strides strides;
    bool repeats = false;  // along a row, every PointwiseTask::period elements
  };
  struct Call {
    PointwiseRoutine routine;
    int dst;
    int args[3];
    float alpha;
    float beta;
  };

  const PointwiseRoutines* routines = nullptr;
  bool rows = false;
  PointwiseStore store = nullptr;  // of the result; nullptr: it is f32
  int result_bytes = 4;            // of an element
  int rank = 0;
  std::ptrdiff_t period = 1;  // divides the length of a row, and `tile`
  Strides dims{};
  std::ptrdiff_t count = 0;
  int tile = 0;  // floats
  std::vector<Source> sources;
  std::vector<Location> locations;  // per register
  std::vector<float> constants;     // per register
  std::vector<int> constant_registers;
  std::vector<Call> row_calls;   // once a row, on single values
  std::vector<Call> tile_calls;  // once a tile
};

// Fills `task`. Returns an empty string, or why the family cannot run the problem.
std::string pointwise_prepare(const PointwiseKernel& kernel, const PointwiseProblem& problem,
                              PointwiseTask* task);

void pointwise_run(const PointwiseTask& task, const void* const* operands, void* dst,
                   ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
