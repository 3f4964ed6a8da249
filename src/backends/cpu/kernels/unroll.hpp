// For kernel files: loops that the front end unrolls, so that arrays of vectors become registers.
#pragma once

#include <utility>

#define TENON_INLINE_LAMBDA __attribute__((always_inline))

namespace tenon::cpu {
namespace {

template <int I>
struct Index {
  static constexpr int value = I;
};

template <class Body, int... I>
constexpr __attribute__((always_inline)) void unroll_over(std::integer_sequence<int, I...>, Body&& body) {
  (body(Index<I>{}), ...);
}

// body(Index<0>{}), body(Index<1>{}), ...; the body is a lambda marked TENON_INLINE_LAMBDA that takes `auto
// i` and uses decltype(i)::value or i.value.
template <int Count, class Body>
constexpr __attribute__((always_inline)) void unroll(Body&& body) {
  unroll_over(std::make_integer_sequence<int, Count>{}, body);
}

}  // namespace
}  // namespace tenon::cpu
