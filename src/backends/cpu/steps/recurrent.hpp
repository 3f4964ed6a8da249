// The cells of lstm, gru and rnn as "cpu.recurrent" runs them.
//
// All steps of a sequence are multiplied by W at once (gemm):         gates[t] = x[t]·W + b
// Then a step after the other, with h the state before it:
//   lstm             gates[t] += h·R                  c = first(i, f, g, c [, pi, pf])     h' = last(o, c [,
//   po]) gru              sums = h·R' + b'   temp = first(r, sr, h)   sums″ = temp·R″ + b″   h' = last(z, n,
//   sz, sn, h) gru_reset_after  sums = h·R + b'                  h' = last(z, r, n, sz, sr, sn, h) rnn
//   gates[t] += h·R                  h' = last(a)
// first and last are pointwise programs; R' is R of update and reset, R″ that of the hidden gate.
//
// Step parameters: "@cell", "@hidden", "@inputs"; "@reverse": for each direction 0 or 1; "@peephole";
// "@initial_h",
// "@initial_c": whether there is such an operand behind x; programs "@first", "@last". Weights of each
// direction, packed for gemm: W, R (gru: R', R″), b; gru: b' of all gates; with peepholes those of input,
// output, forget.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace tenon::cpu {

enum class Cell : unsigned char { lstm, gru, gru_reset_after, rnn };

inline constexpr std::array<std::string_view, 4> kCellNames{"lstm", "gru", "gru_reset_after", "rnn"};

inline constexpr int gate_count(Cell cell) { return cell == Cell::lstm ? 4 : cell == Cell::rnn ? 1 : 3; }
inline constexpr bool is_gru(Cell cell) { return cell == Cell::gru || cell == Cell::gru_reset_after; }

// Weights of one direction.
inline constexpr std::size_t weight_count(Cell cell, bool peephole) {
  return 3U + (cell == Cell::gru ? 1 : 0) + (is_gru(cell) ? 1 : 0) + (peephole ? 1 : 0);
}

}  // namespace tenon::cpu
