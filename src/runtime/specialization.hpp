// What a list of steps becomes at concrete shapes: every buffer's shape, every step's prepared state.
// Contexts and control steps keep several, so that going back to shapes that they have seen costs next to
// nothing.
#pragma once

#include "base/thread_pool.hpp"
#include "runtime/program.hpp"
#include "runtime/symbols.hpp"

#include <tenon/engine.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace tenon {

class Specialization {
 public:
  // Evaluates all dims and lets each step prepare itself. `slots`, one per buffer, hold the values of dynamic
  // buffers; they, `program` and `pool` outlive this. ModelError for shapes that the list does not take.
  Specialization(const Program& program, ThreadPool& pool, const Surroundings& around, InputShapes shapes,
                 std::vector<Data>& slots);

  const InputShapes& shapes() const noexcept { return shapes_; }
  std::vector<BufferView>& views() noexcept { return views_; }
  const std::vector<BufferView>& views() const noexcept { return views_; }
  // Of a buffer that is not dynamic, at these shapes.
  std::uint64_t bytes(std::size_t buffer) const { return bytes_[buffer]; }

  // Memory that place() asks for: the arena, and scratch memory that a step needs beyond the arena's share,
  // where it runs on more threads than the plan was made for.
  std::size_t arena_bytes() const noexcept { return arena_bytes_; }
  std::size_t own_scratch_bytes() const noexcept { return own_scratch_bytes_; }
  // Gives buffers and steps their memory; inputs and outputs are nowhere until they are bound.
  void place(std::byte* arena, std::byte* own_scratch);
  // The memory of an input or output buffer.
  void bind(std::size_t buffer, std::byte* data) noexcept;

  std::size_t step_count() const noexcept { return calls_.size(); }
  // `times`: of the program's steps in their order; null: nobody asks.
  Status run_step(std::size_t i, StepTime* times) noexcept;

 private:
  void resolve_shapes(std::vector<Data>& slots);
  void check_views() const;
  void specialize_step(std::size_t i);
  void find_places();
  void plan_ahead();

  // One step's operands, as its call refers to them.
  struct Operands {
    std::vector<const BufferView*> inputs;
    std::vector<BufferView*> outputs;
    std::unique_ptr<StepState> state;
    std::size_t scratch_bytes = 0;
    std::int64_t lines_ahead = 0;
  };

  const Program& program_;
  const StepList& list_;
  ThreadPool& pool_;
  InputShapes shapes_;
  SymbolValues symbols_;
  std::vector<BufferView> views_;
  std::vector<std::uint64_t> bytes_;
  std::vector<Operands> operands_;
  std::vector<StepCall> calls_;
  std::unique_ptr<const Placement> places_;  // of a list that is placed only now
  std::size_t arena_bytes_ = 0;
  std::size_t own_scratch_bytes_ = 0;
};

}  // namespace tenon
