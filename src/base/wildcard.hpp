// Patterns over names, as users write them on a command line.
#pragma once

#include <string_view>

namespace tenon {

// Whether the pattern fits all of `text`: '*' stands for any characters or none, '?' for one, everything else
// for itself. Takes time proportional to the product of the lengths.
bool matches_wildcard(std::string_view text, std::string_view pattern) noexcept;

}  // namespace tenon
