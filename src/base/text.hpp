// Small helpers for messages and text formats.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

// 'text' in single quotes for messages; control characters, quotes and backslashes become escapes (\n, \',
// \\, \x1b).
std::string quote(std::string_view text);

// "text" in double quotes as the textual IR and JSON-like output write it, and back. unquote() takes the
// whole literal including its quotes; a malformed one is a ModelError.
std::string quote_literal(std::string_view text);
std::string unquote_literal(std::string_view literal);

// [1, 3, 224, 224] without the brackets; `separator` goes between items.
std::string join(std::span<const std::string> items, std::string_view separator = ", ");
std::string join(std::span<const std::int64_t> items, std::string_view separator = ", ");

std::vector<std::string_view> split(std::string_view text,
                                    char separator);    // "a,,b" has three parts, "" has one
std::string_view trim(std::string_view text) noexcept;  // without blanks, tabs and line ends on both sides
bool is_valid_utf8(std::string_view text) noexcept;

// Insertions, deletions, replacements and swaps of neighbours that turn a into b.
std::size_t edit_distance(std::string_view a, std::string_view b);

// " (did you mean 'Conv'?)" when a candidate is close to `name`, else an empty string: appended to "there is
// no ..." messages.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

// "1.50 MiB", "312 B": three significant digits, binary units.
std::string format_bytes(std::uint64_t bytes);

}  // namespace tenon
