// Body: one body of a control step within a specialization of the list around it. It has specializations of
// its own: where shapes inside follow from values of the moment, a run may need another one than the run
// before.
#pragma once

#include "base/aligned_buffer.hpp"
#include "runtime/specialization.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace tenon {

class Body {
 public:
  // `program` and `pool` outlive this. `symbols`: of the lists around.
  Body(const Program& program, ThreadPool& pool, const SymbolValues& symbols);

  // Makes the specialization for these shapes of the inputs now, so that the first run need not. Shapes that
  // the body does not take are no error: it may never run.
  void expect(std::vector<Shape> shapes);

  // Where input `i` is found by the runs to come.
  void set_input(std::size_t i, const BufferView& from) noexcept { from_[i] = &from; }

  // To be called before each run: takes the inputs over and finds the specialization for their shapes.
  // Allocates only for shapes that were not seen lately, and for inputs that are no plain memory. `arena` is
  // the scratch memory of a body that is placed. ModelError for inputs that the body does not take.
  void prepare(std::byte* arena);
  // After prepare(), what result `i` will be, or is. Of results with a slot neither memory nor shape is known
  // before the run.
  const BufferView& output(std::size_t i) const noexcept { return active_->views()[outputs_[i].view]; }
  std::size_t output_bytes(std::size_t i) const { return active_->bytes(outputs_[i].root); }
  // The memory for a result without a slot.
  void bind_output(std::size_t i, std::byte* data) noexcept { active_->bind(outputs_[i].root, data); }
  // `times`: of the body's steps; null: nobody asks.
  Status run(StepTime* times) noexcept;

  std::size_t input_count() const noexcept { return from_.size(); }
  std::size_t output_count() const noexcept { return outputs_.size(); }

 private:
  struct Output {
    std::size_t view = 0;  // its buffer
    std::size_t root = 0;  // the buffer whose memory that is
  };

  const Shape& shape_of_input(std::size_t i) const noexcept;
  bool fits_active() const noexcept;
  void specialize(InputShapes shapes);
  void place(std::byte* arena);
  void take_inputs();

  const Program& program_;
  const StepList& list_;
  ThreadPool& pool_;
  Surroundings around_;
  std::vector<const BufferView*> from_;
  std::vector<bool> shaped_;  // inputs whose shape others may follow from
  std::vector<Output> outputs_;
  std::vector<Data> slots_;                                   // of dynamic buffers
  std::vector<std::unique_ptr<Specialization>> specialized_;  // the latest first
  Specialization* active_ = nullptr;
  Specialization* placed_ = nullptr;  // whose buffers lie at placed_at_
  std::byte* placed_at_ = nullptr;
  AlignedBuffer arena_, own_scratch_;  // arena_: of a body that is placed only when its shapes are known
};

// What a view holds, sharing no memory that others will write to.
Data owned_data(const BufferView& view);
// Copies what `from` holds to `to`, or publishes it there. ModelError when it does not fit.
void deliver(const BufferView& from, BufferView& to);

}  // namespace tenon
