// The library's side of logging: log_info("packed {} weights", count). Formats only when a sink wants the
// level.
#pragma once

#include <tenon/logging.hpp>

#include <fmt/core.h>

#include <string_view>

namespace tenon {

bool log_enabled(LogLevel level) noexcept;

// A sink that throws is the caller's affair: its exception passes through.
void log_message(LogLevel level, std::string_view message);

namespace detail {

void log_formatted(LogLevel level, fmt::string_view pattern, fmt::format_args arguments);

}  // namespace detail

template <class... Args>
void log(LogLevel level, fmt::format_string<Args...> pattern, Args&&... args) {
  if (log_enabled(level)) detail::log_formatted(level, pattern, fmt::make_format_args(args...));
}

template <class... Args>
void log_debug(fmt::format_string<Args...> pattern, Args&&... args) {
  if (log_enabled(LogLevel::debug))
    detail::log_formatted(LogLevel::debug, pattern, fmt::make_format_args(args...));
}

template <class... Args>
void log_info(fmt::format_string<Args...> pattern, Args&&... args) {
  if (log_enabled(LogLevel::info))
    detail::log_formatted(LogLevel::info, pattern, fmt::make_format_args(args...));
}

template <class... Args>
void log_warning(fmt::format_string<Args...> pattern, Args&&... args) {
  if (log_enabled(LogLevel::warning))
    detail::log_formatted(LogLevel::warning, pattern, fmt::make_format_args(args...));
}

}  // namespace tenon
