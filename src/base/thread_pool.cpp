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

#if defined(__linux__)
#include <sched.h>
#endif

namespace tenon {

namespace {

using Clock = std::chrono::steady_clock;
using Nanoseconds = std::chrono::nanoseconds;
using RangeBody = FunctionRef<void(std::size_t, std::size_t, int)>;

constexpr Nanoseconds kForever = Nanoseconds::max();
constexpr Clock::time_point kNever = Clock::time_point::max();

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

// Returns as soon as `word` differs from `old`: spins for `limit`, then sleeps. Whether it slept.
template <class T>
bool wait_for_change(const std::atomic<T>& word, T old, Nanoseconds limit) noexcept {
  if (limit.count() > 0) {
    const Clock::time_point end = Clock::now() + limit;
    do {
      for (int i = 0; i < 64; ++i) {
        if (word.load(std::memory_order_acquire) != old) return false;
        pause_cpu();
      }
    } while (Clock::now() < end);
  }
  word.wait(old, std::memory_order_acquire);
  return true;
}

#if defined(__linux__)
int current_core() noexcept { return sched_getcpu(); }

// Has the kernel put this thread on another core that it may use, if there is one.
void leave_core(int core) noexcept {
  cpu_set_t all;
  if (core < 0 || core >= CPU_SETSIZE || sched_getaffinity(0, sizeof all, &all) != 0) return;
  cpu_set_t others = all;
  CPU_CLR(static_cast<std::size_t>(core), &others);
  if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof others, &others) != 0) return;
  sched_setaffinity(0, sizeof all, &all);
}
#else
int current_core() noexcept { return -1; }
void leave_core(int) noexcept {}
#endif

}  // namespace

// Every worker has a seat, on its own cache line. The caller opens the seats of the workers that it wants,
// works itself, and then closes those that nobody took in the meantime: it waits only for workers that have
// begun. A job's fields change only while all seats are closed.
//
// The work is cut into one share per thread. Its owner takes it in pieces, larger ones first, and whoever is
// done helps the others with theirs, so a thread that shares its core with another process delays a job by
// one piece at most. Even that is long: the kernel takes a thread off a core for milliseconds, many times
// what a typical job takes. So a worker that held up jobs stays for a limited time only, ends its piece, and
// sleeps for as long, while the other process has its turn and the worker earns the next one; the time grows
// as long as that goes well. And a worker that was woken on the core that the caller computes on, as the
// kernel likes to do when no core is idle, moves to another one.
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
    job_ = {&body, count, grain, current_core()};
    const Clock::time_point start = Clock::now();
    share_out(units, start);
    do_pieces(0, kNever);
    close_seats(start);
    current_task = {};
  }

 private:
  enum SeatState : int { closed, open, taken };

  struct Job {
    RangeBody* body = nullptr;
    std::size_t count = 0;
    std::size_t grain = 1;
    int core = -1;  // that the caller was on
  };

  struct alignas(64) Seat {
    std::atomic<int> state{closed};
    std::atomic<std::size_t> next{0};  // first unit of the share that nobody has claimed
    std::size_t end = 0;
    std::size_t least_piece = 1;
    // Of the worker while it holds the seat, else of the caller:
    Nanoseconds stay = kForever;      // how long the worker takes part after it has woken
    Clock::time_point awake_since{};  // kept while `stay` is limited
    bool left = false;                // that time was up
    // Of the caller alone:
    Clock::time_point stalled_at{};
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

  // The own share first, then what is left of the others'. No piece is begun after `end`.
  void do_pieces(int worker, Clock::time_point end) noexcept {
    for (std::size_t i = 0; i < seats_.size(); ++i) {
      Seat& seat = seats_[(static_cast<std::size_t>(worker) + i) % seats_.size()];
      std::size_t begin = seat.next.load(std::memory_order_relaxed);
      while (begin < seat.end) {
        if (end != kNever && Clock::now() >= end) return;
        const std::size_t left = seat.end - begin;
        const std::size_t piece_end = begin + std::min(left, std::max(left / 2, seat.least_piece));
        if (!seat.next.compare_exchange_weak(begin, piece_end, std::memory_order_relaxed)) continue;
        (*job_.body)(begin * job_.grain, std::min(piece_end * job_.grain, job_.count), worker);
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
      Clock::time_point now = done;
      if (state == taken) {
        wait_for_change(seat.state, static_cast<int>(taken), spin_);
        now = Clock::now();
        if (now - done > std::max<Nanoseconds>(kStall, 2 * (done - start))) limit_stay(seat, now);
      }
      if (seat.left) send_to_rest(seat, now);
    }
  }

  // One stall says nothing yet. The worker runs again, and its time begins anew.
  static void limit_stay(Seat& seat, Clock::time_point now) noexcept {
    if (now - seat.stalled_at < kSoon) {
      seat.stay = std::clamp<Nanoseconds>(seat.stay / 2, kShortestStay, kFirstStay);
      seat.awake_since = now;
    }
    seat.stalled_at = now;
    seat.left = false;
  }

  static void send_to_rest(Seat& seat, Clock::time_point now) noexcept {
    seat.left = false;
    seat.resting_until = now + seat.stay;
    seat.stay += seat.stay / 8;
    if (seat.stay > kLongestStay) seat.stay = kForever;
  }

  void work(int worker) noexcept {
    Seat& seat = seats_[static_cast<std::size_t>(worker)];
    current_task = {this, worker};
    bool slept = false, left = false;
    Clock::time_point may_move_at{};
    for (;;) {
      slept |= wait_for_change(seat.state, static_cast<int>(closed), left ? Nanoseconds(0) : spin_);
      int expected = open;
      if (!seat.state.compare_exchange_strong(expected, taken, std::memory_order_acquire)) continue;
      // Only now: a seat that stop() opens may be taken by a worker that was woken for a job before.
      if (stopping_.load(std::memory_order_relaxed)) return;
      if (job_.core == current_core() && Clock::now() >= may_move_at) {
        leave_core(job_.core);
        may_move_at = Clock::now() + kBetweenMoves;
      }
      left = !take_part(worker, slept);
      slept = false;
      seat.left = left;
      seat.state.store(closed, std::memory_order_release);
      seat.state.notify_one();
    }
  }

  // False if the worker's time was up.
  bool take_part(int worker, bool slept) noexcept {
    Seat& seat = seats_[static_cast<std::size_t>(worker)];
    if (seat.stay == kForever) {
      do_pieces(worker, kNever);
      return true;
    }
    if (slept) seat.awake_since = Clock::now();
    const Clock::time_point end = seat.awake_since + seat.stay;
    do_pieces(worker, end);
    return Clock::now() < end;
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
  static constexpr std::chrono::milliseconds kSoon{30}, kBetweenMoves{4};
  static constexpr std::chrono::milliseconds kShortestStay{1}, kFirstStay{2}, kLongestStay{16};

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
