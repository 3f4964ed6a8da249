// Where Tenon's messages go. Without a sink nothing is reported: the library itself never prints.
#pragma once

#include <functional>
#include <string_view>

namespace tenon {

enum class LogLevel { debug, info, warning, error };

std::string_view to_string(LogLevel level) noexcept;

using LogSink = std::function<void(LogLevel, std::string_view message)>;

// Replaces the process-wide sink; an empty one silences. Messages below `threshold` are not even formatted.
// Thread-safe; the sink is called by one thread at a time and must not log itself.
void set_log_sink(LogSink sink, LogLevel threshold = LogLevel::info);

}  // namespace tenon
