// Crew: threads that share the work of a step among them, each with the step's bodies and memory of its own,
// so that what lies between the steps of a body stays in that thread's cache.
#pragma once

#include "base/function_ref.hpp"
#include "base/thread_pool.hpp"
#include "runtime/control/body.hpp"

#include <tenon/engine.hpp>

#include <memory>
#include <span>
#include <vector>

namespace tenon {

class Crew {
 public:
  // A thread. All inputs of the bodies have constant dims.
  class Member {
   public:
    // Where input `i` of body `b` is found.
    void set_input(std::size_t b, std::size_t i, const std::byte* data) noexcept;
    // Runs body `b` with its arena at the beginning of memory(); output(i) says where result `i` belongs.
    Status run(std::size_t b, FunctionRef<std::byte*(std::size_t i)> output);
    std::byte* memory() const noexcept { return memory_; }

   private:
    friend class Crew;
    struct OwnBody {
      Body body;
      std::vector<BufferView> inputs;
      std::size_t first_time;  // among times_
    };

    ThreadPool pool_{1};
    std::vector<OwnBody> bodies_;
    std::byte* memory_ = nullptr;
    std::vector<StepTime> times_;  // of the steps of all bodies; empty: nobody asks
    Status status_;
  };

  // `programs` outlive this.
  Crew(std::span<const std::shared_ptr<const Program>> programs, const SymbolValues& symbols, int threads);

  // work(unit, member) for each unit, by members that take units in their turn. `member_bytes` of the call's
  // scratch memory are for each thread. The status is one of those that are not ok, if any.
  Status run(const StepCall& call, std::size_t units, std::size_t member_bytes,
             FunctionRef<Status(std::size_t unit, Member& member)> work) noexcept;

 private:
  std::vector<std::unique_ptr<Member>> members_;
  std::size_t steps_ = 0;  // of all bodies
};

}  // namespace tenon
