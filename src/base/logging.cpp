#include "base/logging.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <utility>

namespace tenon {

namespace {

constexpr int kSilent = static_cast<int>(LogLevel::error) + 1;

struct LogState {
  std::atomic<int> threshold{kSilent};
  std::mutex mutex;
  LogSink sink;
};

LogState& log_state() noexcept {
  static LogState state;
  return state;
}

}  // namespace

std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "unknown";
}

void set_log_sink(LogSink sink, LogLevel threshold) {
  LogState& state = log_state();
  const std::lock_guard lock(state.mutex);
  state.threshold.store(sink ? static_cast<int>(threshold) : kSilent, std::memory_order_relaxed);
  std::swap(state.sink, sink);
}

bool log_enabled(LogLevel level) noexcept {
  return static_cast<int>(level) >= log_state().threshold.load(std::memory_order_relaxed);
}

void log_message(LogLevel level, std::string_view message) {
  if (!log_enabled(level)) return;
  LogState& state = log_state();
  const std::lock_guard lock(state.mutex);
  if (state.sink && log_enabled(level)) state.sink(level, message);
}

void detail::log_formatted(LogLevel level, fmt::string_view pattern, fmt::format_args arguments) {
  log_message(level, fmt::vformat(pattern, arguments));
}

}  // namespace tenon
