// A bar on stderr for long work, only where stderr is a terminal.
#pragma once

#include <tenon/builder.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace tenon::tool {

class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar();  // clears the line
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(std::string_view stage, std::size_t done, std::size_t total);
  // For BuildOptions::progress; the bar must outlive it.
  ProgressFn callback();

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_;
  bool drawn_ = false;
  std::string stage_;
  Clock::time_point last_;
};

}  // namespace tenon::tool
