// How long work reports how far it is. The library calls; the caller draws.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace tenon {

// task: what is being done, e.g. "tuning"; done counts from 0 to total, and the call with done == total is
// the last of its task. total is 0 while it is unknown. Calls come from the thread that started the work.
using ProgressCallback = std::function<void(std::string_view task, std::size_t done, std::size_t total)>;

// Reports one task: 0 at the start, total at the end, and in between at most once per percent.
class ProgressTask {
 public:
  ProgressTask(const ProgressCallback& callback, std::string task, std::size_t total);

  // The task counts as finished even when it ends early; nothing is reported while an exception passes.
  ~ProgressTask();
  ProgressTask(const ProgressTask&) = delete;
  ProgressTask& operator=(const ProgressTask&) = delete;

  void advance(std::size_t steps = 1);

 private:
  const ProgressCallback& callback_;
  std::string task_;
  std::size_t total_;
  std::size_t done_ = 0;
  std::size_t reported_ = 0;
  int exceptions_;
};

}  // namespace tenon
