// The pool that all kernels run on. Work is split into contiguous ranges; how long they are, and who runs
// which, is decided while they run: no result may depend on it.
#pragma once

#include "base/function_ref.hpp"

#include <cstddef>
#include <memory>

namespace tenon {

// Workers spin briefly for the next job (knob TENON_SPIN_US), then sleep; the caller takes part as worker 0.
//
// A job started from inside a task runs inline, whole, on that thread; it keeps the task's worker index (a
// task of another pool gets 0). Several threads may start jobs: those that are split take turns. Tasks must
// not throw.
class ThreadPool {
 public:
  explicit ThreadPool(int threads);  // >= 1; threads - 1 of them are created
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const noexcept;

  // Calls task(i, worker) once for every i in [0, count), worker in [0, size()); a worker runs one task at a
  // time. Returns when all are done.
  void run(std::size_t count, FunctionRef<void(std::size_t index, int worker)> task) noexcept;

  // The same with ranges: body(begin, end, worker). Every `begin` is a multiple of `grain`, so no range but
  // the last is shorter than it.
  void run_ranges(std::size_t count, std::size_t grain,
                  FunctionRef<void(std::size_t begin, std::size_t end, int worker)> body) noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The process-wide pool, made on first use: TENON_THREADS threads, by default one per core this process may
// run on.
ThreadPool& default_thread_pool();

}  // namespace tenon
