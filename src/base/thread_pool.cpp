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

using Clock = std::chrono::steady_clock;
using Nanoseconds = std::chrono::nanoseconds;
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
void wait_for_change(const std::atomic<T>& word, T old, Nanoseconds limit) noexcept {
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

// Every worker has a seat, on its own cache line. The caller opens the seats of the workers that it wants,
// works itself, and then closes those that nobody took in the meantime: it waits only for workers that have
// begun. A job's fields change only while all seats are closed.
//
// The work is cut into one share per thread. Its owner takes it in pieces, larger ones first, and whoever is
// done helps the others with theirs, so a thread that shares its core with another process delays a job by
// one piece at most. Where even that holds up the job for long, its worker is left out for a while: the
// kernel takes a thread off a core for milliseconds, many times what a typical job takes.
class ThreadPool::Impl {
 public:
  Impl(int threads, Nanoseconds spin) : spin_(spin), seats_(static_cast<std::size_t>(threads)) {
    threads_.reserve(seats_.size() - 1);
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

  int size() const noexcept { return static_cast<int>(seats_.size()); }

  void run(std::size_t count, std::size_t grain, RangeBody body) noexcept {
    if (count == 0) return;
    const std::size_t units = (count - 1) / grain + 1;
    if (current_task.pool != nullptr) {
      body(0, count, current_task.pool == this ? current_task.worker : 0);
      return;
    }
    // A job that one thread does alone takes no turn: callers of a pool of one run beside each other.
    if (seats_.size() == 1 || units == 1) {
      current_task = {this, 0};
      body(0, count, 0);
      current_task = {};
      return;
    }
    const std::lock_guard turn(callers_);
    current_task = {this, 0};
    job_ = {&body, count, grain};
    const Clock::time_point start = Clock::now();
    share_out(units, start);
    do_pieces(0);
    close_seats(start);
    current_task = {};
  }

 private:
  enum SeatState : int { closed, open, taken };

  struct Job {
    RangeBody* body = nullptr;
    std::size_t count = 0;
    std::size_t grain = 1;
  };

  struct alignas(64) Seat {
    std::atomic<int> state{closed};
    std::atomic<std::size_t> next{0};  // first unit of the share that nobody has claimed
    std::size_t end = 0;
    std::size_t least_piece = 1;
    // Of the caller alone:
    Nanoseconds rest{0};
    Clock::time_point resting_until{};
  };

  // Gives every thread that is not resting a share, and opens its seat.
  void share_out(std::size_t units, Clock::time_point now) noexcept {
    std::size_t present = 1;
    for (std::size_t i = 1; i < seats_.size(); ++i) present += seats_[i].resting_until <= now ? 1 : 0;
    const std::size_t shares = std::min(present, units);
    std::size_t share = 0;
    for (std::size_t i = 0; i < seats_.size(); ++i) {
      Seat& seat = seats_[i];
      const bool takes_part = share < shares && (i == 0 || seat.resting_until <= now);
      const std::size_t begin = takes_part ? first_unit(units, share, shares) : 0;
      seat.end = takes_part ? first_unit(units, share + 1, shares) : 0;
      seat.least_piece = (seat.end - begin) / kPieces + 1;
      seat.next.store(begin, std::memory_order_relaxed);
      share += takes_part ? 1 : 0;
    }
    for (std::size_t i = 1; i < seats_.size(); ++i) {
      if (seats_[i].end == 0) continue;
      seats_[i].state.store(open, std::memory_order_release);
      seats_[i].state.notify_one();
    }
  }

  // Share i of n has the units from floor(units * i / n); computed without overflow.
  static std::size_t first_unit(std::size_t units, std::size_t i, std::size_t n) noexcept {
    return units / n * i + units % n * i / n;
  }

  // The own share first, then what is left of the others'.
  void do_pieces(int worker) noexcept {
    for (std::size_t i = 0; i < seats_.size(); ++i) {
      Seat& seat = seats_[(static_cast<std::size_t>(worker) + i) % seats_.size()];
      std::size_t begin = seat.next.load(std::memory_order_relaxed);
      while (begin < seat.end) {
        const std::size_t left = seat.end - begin;
        const std::size_t end = begin + std::min(left, std::max(left / 2, seat.least_piece));
        if (!seat.next.compare_exchange_weak(begin, end, std::memory_order_relaxed)) continue;
        (*job_.body)(begin * job_.grain, std::min(end * job_.grain, job_.count), worker);
        begin = seat.next.load(std::memory_order_relaxed);
      }
    }
  }

  void close_seats(Clock::time_point start) noexcept {
    const Clock::time_point done = Clock::now();
    for (std::size_t i = 1; i < seats_.size(); ++i) {
      Seat& seat = seats_[i];
      int state = open;
      if (seat.state.compare_exchange_strong(state, closed, std::memory_order_acquire)) continue;
      if (state == closed) continue;
      wait_for_change(seat.state, static_cast<int>(taken), spin_);
      const Clock::time_point now = Clock::now();
      if (now - done > std::max<Nanoseconds>(kStall, 2 * (done - start))) send_to_rest(seat, now);
    }
  }

  // For a short while at first, longer when the worker stalls again soon after.
  static void send_to_rest(Seat& seat, Clock::time_point now) noexcept {
    const bool again = now - seat.resting_until < 2 * seat.rest;
    seat.rest = again ? std::min<Nanoseconds>(2 * seat.rest, kLongestRest) : Nanoseconds(kShortestRest);
    seat.resting_until = now + seat.rest;
  }

  void work(int worker) noexcept {
    std::atomic<int>& state = seats_[static_cast<std::size_t>(worker)].state;
    current_task = {this, worker};
    for (;;) {
      wait_for_change(state, static_cast<int>(closed), spin_);
      int expected = open;
      if (!state.compare_exchange_strong(expected, taken, std::memory_order_acquire)) continue;
      // Only now: a seat that stop() opens may be taken by a worker that was woken for a job before.
      if (stopping_.load(std::memory_order_relaxed)) return;
      do_pieces(worker);
      state.store(closed, std::memory_order_release);
      state.notify_one();
    }
  }

  void stop() noexcept {
    stopping_.store(true, std::memory_order_relaxed);
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      seats_[i + 1].state.store(open, std::memory_order_release);
      seats_[i + 1].state.notify_one();
    }
    for (std::thread& thread : threads_) thread.join();
  }

  static constexpr std::size_t kPieces = 8;  // at most, roughly, that a share is taken in
  static constexpr std::chrono::microseconds kStall{500};
  static constexpr std::chrono::milliseconds kShortestRest{4};
  static constexpr std::chrono::milliseconds kLongestRest{100};

  const Nanoseconds spin_;
  std::mutex callers_;
  Job job_;
  std::atomic<bool> stopping_{false};
  std::vector<Seat> seats_;  // that of the caller first
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
