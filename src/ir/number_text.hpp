// Numbers as text that reads back to the same bits: shortest decimals, -0.0, inf, -inf, nan (the quiet one)
// and nan(0x7f800001) for every other NaN.
#pragma once

#include "ir/lexer.hpp"

#include <string>

namespace tenon {

// Always tells a real from an integer: "1.0".
std::string print_number(float value);
std::string print_number(double value);

// Without the ".0" of whole numbers, where the type is known: "1".
std::string print_shortest(float value);
std::string print_shortest(double value);

// Reads what print_number wrote, and integers.
template <class T>
T parse_number(Lexer& lexer);
template <>
float parse_number<float>(Lexer& lexer);
template <>
double parse_number<double>(Lexer& lexer);

}  // namespace tenon
