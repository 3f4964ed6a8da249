#include "api/batch_observer.hpp"

#include "base/clock.hpp"
#include "base/context.hpp"

#include <fmt/format.h>

namespace tenon {

void BatchObserver::add(std::uint64_t number, const ObservingEngine::Inputs& inputs,
                        const std::function<void(const std::vector<ObservedTensor>&)>& first) {
  const auto work = [&] {
    const ObservingEngine::Bound batch = engine_.prepare(inputs);
    if (!begun_) first(batch.observed());
    begun_ = true;
    double observing = 0;
    const auto start = Clock::now();
    engine_.run(batch, [&](const ObservedTensor& tensor, const Tensor& value) {
      const auto began = Clock::now();
      see_(number, tensor, value);
      observing += seconds_since(began);
    });
    observing_s_ += observing;
    running_s_ += seconds_since(start) - observing;
  };
  in_context(work, [&] { return fmt::format("calibrating with batch {}", number); });
}

}  // namespace tenon
