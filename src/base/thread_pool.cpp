#include "base/thread_pool.hpp"

#include "base/check.hpp"
#include "base/cpu_info.hpp"
#include "base/knobs.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace tenon {

namespace {

using RangeBody = FunctionRef<void(std::size_t, std::size_t, int)>;

// What the current thread is executing: the pool of the innermost task and its worker index there.
struct CurrentTask {
  const void* pool = nullptr;
  int worker = 0;
};
thread_local CurrentTask current_task;

void pause_cpu() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Returns as soon as `word` differs from `old`: spins for `limit`, then sleeps.
template <class T>
void wait_for_change(const std::atomic<T>& word, T old, std::chrono::nanoseconds limit) noexcept {
  using Clock = std::chrono::steady_clock;
  if (limit.count() > 0) {
    const Clock::time_point end = Clock::now() + limit;
    do {
      for (int i = 0; i < 64; ++i) {
        if (word.load(std::memory_order_acquire) != old) return;
        pause_cpu();
      }
    } while (Clock::now() < end);
  }
  word.wait(old, std::memory_order_acquire);
}

}  // namespace

// Each worker has a ticket of its own, on its own cache line: raising it hands the worker the current job.
// Workers without a share of a job are not disturbed, and a job's fields change only while no worker holds an
// open ticket.
class ThreadPool::Impl {
 public:
  Impl(int threads, std::chrono::nanoseconds spin) : spin_(spin), slots_(static_cast<std::size_t>(threads)) {
    threads_.reserve(slots_.size() - 1);
    try {
      for (int worker = 1; worker < threads; ++worker) {
        threads_.emplace_back([this, worker] { work(worker); });
      }
    } catch (...) {
      stop();
      throw;
    }
  }

  ~Impl() { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  int size() const noexcept { return static_cast<int>(slots_.size()); }

  void run(std::size_t count, std::size_t grain, RangeBody body) noexcept {
    if (count == 0) return;
    const std::size_t units = (count - 1) / grain + 1;
    const auto shares = static_cast<int>(std::min<std::size_t>(slots_.size(), units));
    if (current_task.pool != nullptr) {
      body(0, count, current_task.pool == this ? current_task.worker : 0);
      return;
    }
    // A job that one thread does alone takes no turn: callers of a pool of one run beside each other.
    if (shares == 1) {
      current_task = {this, 0};
      body(0, count, 0);
      current_task = {};
      return;
    }
    const std::lock_guard turn(callers_);
    current_task = {this, 0};
    {
      job_ = {&body, count, grain, units, shares};
      pending_.store(shares - 1, std::memory_order_relaxed);
      for (int worker = 1; worker < shares; ++worker) raise_ticket(worker);
      do_share(0);
      int left = pending_.load(std::memory_order_acquire);
      while (left != 0) {
        wait_for_change(pending_, left, spin_);
        left = pending_.load(std::memory_order_acquire);
      }
    }
    current_task = {};
  }

 private:
  struct Job {
    RangeBody* body = nullptr;
    std::size_t count = 0;
    std::size_t grain = 1;
    std::size_t units = 0;
    int shares = 0;
  };

  struct alignas(64) Slot {
    std::atomic<int> ticket{0};
  };

  void raise_ticket(int worker) noexcept {
    std::atomic<int>& ticket = slots_[static_cast<std::size_t>(worker)].ticket;
    ticket.store(ticket.load(std::memory_order_relaxed) ^ 1, std::memory_order_release);
    ticket.notify_one();
  }

  // Share w of n has the units from floor(units * w / n); computed without overflow.
  std::size_t first_unit(int share) const noexcept {
    const auto shares = static_cast<std::size_t>(job_.shares);
    const auto index = static_cast<std::size_t>(share);
    return job_.units / shares * index + job_.units % shares * index / shares;
  }

  void do_share(int worker) noexcept {
    const std::size_t begin = first_unit(worker) * job_.grain;
    const std::size_t end = worker + 1 == job_.shares ? job_.count : first_unit(worker + 1) * job_.grain;
    (*job_.body)(begin, end, worker);
  }

  void work(int worker) noexcept {
    const std::atomic<int>& ticket = slots_[static_cast<std::size_t>(worker)].ticket;
    current_task = {this, worker};
    for (int seen = 0;; seen ^= 1) {
      wait_for_change(ticket, seen, spin_);
      if (stopping_.load(std::memory_order_relaxed)) return;
      do_share(worker);
      if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1) pending_.notify_one();
    }
  }

  void stop() noexcept {
    stopping_.store(true, std::memory_order_relaxed);
    for (std::size_t i = 0; i < threads_.size(); ++i) raise_ticket(static_cast<int>(i) + 1);
    for (std::thread& thread : threads_) thread.join();
  }

  const std::chrono::nanoseconds spin_;
  std::mutex callers_;
  Job job_;
  std::atomic<int> pending_{0};
  std::atomic<bool> stopping_{false};
  std::vector<Slot> slots_;
  std::vector<std::thread> threads_;
};

ThreadPool::ThreadPool(int threads) {
  TENON_REQUIRE(threads >= 1, "a thread pool needs at least one thread, not {}", threads);
  impl_ = std::make_unique<Impl>(threads, std::chrono::microseconds(knobs::spin_us()));
}

ThreadPool::~ThreadPool() = default;

int ThreadPool::size() const noexcept { return impl_->size(); }

void ThreadPool::run(std::size_t count, FunctionRef<void(std::size_t index, int worker)> task) noexcept {
  impl_->run(count, 1, [&](std::size_t begin, std::size_t end, int worker) {
    for (std::size_t i = begin; i < end; ++i) task(i, worker);
  });
}

void ThreadPool::run_ranges(std::size_t count, std::size_t grain,
                            FunctionRef<void(std::size_t begin, std::size_t end, int worker)> body) noexcept {
  impl_->run(count, std::max<std::size_t>(grain, 1), body);
}

ThreadPool& default_thread_pool() {
  static ThreadPool pool(knobs::threads() > 0 ? static_cast<int>(knobs::threads())
                                              : cpu_info().physical_cores);
  return pool;
}

}  // namespace tenon
