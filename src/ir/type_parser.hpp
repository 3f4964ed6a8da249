// Reads one Type where a larger text contains it.
#pragma once

#include "ir/lexer.hpp"
#include "ir/type.hpp"

#include <functional>

namespace tenon {

// The value that a token like %scale names; throws through the lexer when there is none.
using ValueResolver = std::function<ValueId(const Token&)>;

// Without a resolver, scales and zero points are read as ids: %7.
Type parse_type(Lexer& lexer, const ValueResolver& resolve = {});

// The name of a value as the text writes it, with its '%'.
using ValueNamer = std::function<std::string(ValueId)>;

std::string print_type(const Type& type, const ValueNamer& namer);

}  // namespace tenon
