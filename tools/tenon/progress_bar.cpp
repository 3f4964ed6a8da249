#include "progress_bar.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace tenon::tool {
namespace {

constexpr std::size_t kWidth = 30;
constexpr std::chrono::milliseconds kBetween{50};

}  // namespace

ProgressBar::ProgressBar() : terminal_(isatty(STDERR_FILENO) != 0) {}

ProgressBar::~ProgressBar() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
}

void ProgressBar::show(std::string_view stage, std::size_t done, std::size_t total) {
  if (!terminal_) return;
  const Clock::time_point now = Clock::now();
  if (drawn_ && stage == stage_ && done < total && now - last_ < kBetween) return;
  stage_ = stage;
  last_ = now;
  drawn_ = true;
  if (total == 0) {
    fmt::print(stderr, "\r\033[K{}", stage);
  } else {
    const std::size_t filled = std::min(done, total) * kWidth / total;
    fmt::print(stderr, "\r\033[K{} [{:#<{}}{:.<{}}] {}/{}", stage, "", filled, "", kWidth - filled, done,
               total);
  }
  std::fflush(stderr);
}

ProgressFn ProgressBar::callback() {
  if (!terminal_) return {};
  return [this](std::string_view stage, std::size_t done, std::size_t total) { show(stage, done, total); };
}

}  // namespace tenon::tool
