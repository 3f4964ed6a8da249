#include "base/progress.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace tenon {

ProgressTask::ProgressTask(const ProgressCallback& callback, std::string task, std::size_t total)
    : callback_(callback), task_(std::move(task)), total_(total), exceptions_(std::uncaught_exceptions()) {
  if (callback_) callback_(task_, 0, total_);
}

ProgressTask::~ProgressTask() {
  if (!callback_ || std::uncaught_exceptions() != exceptions_) return;
  const std::size_t end = total_ > 0 ? total_ : done_;
  if (reported_ == end && end > 0) return;
  try {
    callback_(task_, end, end);
  } catch (...) {  // NOLINT(bugprone-empty-catch): a destructor has nobody to tell
  }
}

void ProgressTask::advance(std::size_t steps) {
  done_ = total_ > 0 ? std::min(done_ + steps, total_) : done_ + steps;
  if (!callback_) return;
  const std::size_t stride = std::max<std::size_t>(total_ / 100, 1);
  if (done_ == reported_ || (done_ != total_ && done_ - reported_ < stride)) return;
  reported_ = done_;
  callback_(task_, done_, total_);
}

}  // namespace tenon
