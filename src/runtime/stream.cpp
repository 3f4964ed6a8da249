#include "runtime/context_state.hpp"

#include <array>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace tenon {

// A ring of jobs and one thread that takes them in order. Nothing is allocated per job.
class Stream::State {
 public:
  using Job = Status (*)(void*) noexcept;

  State() : worker_([this] { work(); }) {}

  ~State() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    worker_.join();
  }

  // Waits while the ring is full.
  void push(Job job, void* argument) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return queued_ - done_ < kCapacity; });
    jobs_[queued_++ % kCapacity] = {job, argument};
    changed_.notify_all();
  }

  Status synchronize() {
    std::unique_lock lock(mutex_);
    const std::uint64_t target = queued_;
    changed_.wait(lock, [&] { return done_ >= target; });
    const Status first = failure_;
    failure_ = Status();
    return first;
  }

 private:
  static constexpr std::size_t kCapacity = 256;
  struct Entry {
    Job job = nullptr;
    void* argument = nullptr;
  };

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return stopping_ || done_ < queued_; });
      if (done_ == queued_) return;
      const Entry entry = jobs_[done_ % kCapacity];
      lock.unlock();
      const Status status = entry.job(entry.argument);
      lock.lock();
      if (!status.ok() && failure_.ok()) failure_ = status;
      ++done_;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Entry, kCapacity> jobs_;
  std::uint64_t queued_ = 0, done_ = 0;
  bool stopping_ = false;
  Status failure_;
  std::thread worker_;  // last: starts when all else is ready
};

Stream::Stream() : state_(std::make_unique<State>()) {}
Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;

Status Stream::synchronize() noexcept {
  try {
    return state_->synchronize();
  } catch (const std::exception& error) {
    return Status(StatusCode::internal, error.what());
  }
}

Status Context::enqueue(Stream& stream) noexcept {
  if (!state_->ready()) {
    return Status(StatusCode::not_ready, "shapes have changed: call prepare() before enqueue()");
  }
  try {
    stream.state_->push([](void* state) noexcept { return static_cast<State*>(state)->execute(); },
                        state_.get());
  } catch (const std::exception& error) {
    return Status(StatusCode::internal, error.what());
  }
  return {};
}

}  // namespace tenon
