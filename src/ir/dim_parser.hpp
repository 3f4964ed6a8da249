// Reads one Dim where a larger text contains it.
#pragma once

#include "ir/dim.hpp"
#include "ir/lexer.hpp"

namespace tenon {

Dim parse_dim(Lexer& lexer);

}  // namespace tenon
