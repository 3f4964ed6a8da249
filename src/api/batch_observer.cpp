#include "api/batch_observer.hpp"

#include "base/clock.hpp"
#include "base/context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace tenon {
namespace {

// Batches after which a way to run them is known.
constexpr int kTrials = 8;
// Batches that take longer have enough for all threads.
constexpr double kLongToTry_s = 0.01;

template <class F>
void for_batch(std::uint64_t number, F&& work) {
  in_context(std::forward<F>(work), [&] { return fmt::format("calibrating with batch {}", number); });
}

}  // namespace

BatchObserver::BatchObserver(ObservingEngine& engine, int threads, See see)
    : engine_(engine), see_(std::move(see)) {
  if (threads > 1) pair_.emplace(2);
}

void BatchObserver::add(std::uint64_t number, ObservingEngine::Inputs inputs,
                        const std::function<void(const std::vector<ObservedTensor>&)>& first) {
  Batch& batch = batches_[next_].emplace(Batch{number, std::move(inputs), {}});
  for_batch(number, [&] {
    batch.bound = engine_.prepare(batch.inputs, next_);
    if (!begun_) first(batch.bound.observed());
  });
  const bool apart = begun_ && next_apart();
  begun_ = true;
  if (apart) {
    run_and_see_pending(batch);
    pending_ = true;
    next_ = 1 - next_;
  } else {
    finish();
    run_and_see(batch);
  }
}

void BatchObserver::Way::note(double seconds) {
  ++batches;
  least_s = std::min(least_s, seconds);
}

bool BatchObserver::next_apart() const {
  if (!pair_ || together_.batches < kTrials || together_.least_s > kLongToTry_s) return false;
  return apart_.batches < kTrials || apart_.least_s < together_.least_s;
}

void BatchObserver::finish() {
  const auto start = Clock::now();
  see_pending();
  observing_s_ += seconds_since(start);
}

void BatchObserver::run_and_see(const Batch& batch) {
  const auto start = Clock::now();
  double observing = 0;
  for_batch(batch.number, [&] {
    engine_.run(batch.bound, [&](const ObservedTensor& tensor, const Tensor& value) {
      const auto began = Clock::now();
      see_(batch.number, tensor, value);
      observing += seconds_since(began);
    });
  });
  const double taken = seconds_since(start);
  together_.note(taken);
  observing_s_ += observing;
  running_s_ += taken - observing;
}

// What the caller gave may change when it gives the next batch, so inputs are seen at once.
void BatchObserver::run_and_see_pending(const Batch& batch) {
  const auto start = Clock::now();
  const bool both = pending_;
  double running = 0;
  for_batch(batch.number, [&] {
    engine_.show_inputs(batch.bound, [&](const ObservedTensor& tensor, const Tensor& value) {
      see_(batch.number, tensor, value);
    });
  });
  std::exception_ptr failures[2];
  pair_->run(2, [&](std::size_t task, int /*worker*/) {
    try {
      if (task == 1) {
        see_pending();
        return;
      }
      const auto began = Clock::now();
      for_batch(batch.number, [&] { engine_.run(batch.bound); });
      running = seconds_since(began);
    } catch (...) {
      failures[task] = std::current_exception();
    }
  });
  for (const std::size_t task : {1, 0}) {
    if (failures[task]) std::rethrow_exception(failures[task]);
  }
  const double taken = seconds_since(start);
  if (both) apart_.note(taken);
  running_s_ += running;
  observing_s_ += taken - running;
}

void BatchObserver::see_pending() {
  if (!std::exchange(pending_, false)) return;
  const Batch& batch = *batches_[1 - next_];
  for_batch(batch.number, [&] {
    engine_.show_results(batch.bound, [&](const ObservedTensor& tensor, const Tensor& value) {
      see_(batch.number, tensor, value);
    });
  });
}

}  // namespace tenon
