// Says what was being done when an error passed by.
#pragma once

#include <tenon/error.hpp>

#include <utility>

namespace tenon {

// Calls f(); an Error that leaves it gains the frame describe() ("importing 'Conv_3'"), which is evaluated
// only then:
//   auto op = in_context([&] { return convert(node); }, [&] { return "importing " + quote(node.name); });
template <class F, class Describe>
decltype(auto) in_context(F&& f, Describe&& describe) {
  try {
    return std::forward<F>(f)();
  } catch (Error& error) {
    error.add_context(std::forward<Describe>(describe)());
    throw;
  }
}

}  // namespace tenon
