// A non-owning reference to something callable: two words, no allocation. It must not outlive what it refers
// to, so it is for parameters only.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace tenon {

template <class Signature>
class FunctionRef;

namespace detail {

template <class F, class Self, class R, class... Args>
concept ReferableAs = !std::is_same_v<std::remove_cvref_t<F>, Self> && std::is_invocable_r_v<R, F&, Args...>;

}  // namespace detail

template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  // Implicit, so that a lambda can be passed as it is.
  template <detail::ReferableAs<FunctionRef, R, Args...> F>
  FunctionRef(F&& f) noexcept  // NOLINT(bugprone-forwarding-reference-overload)
      : object_(to_pointer(f)), call_([](void* object, Args... args) -> R {
          return from_pointer<std::remove_reference_t<F>>(object)(std::forward<Args>(args)...);
        }) {}

  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  template <class F>
  static void* to_pointer(F& f) noexcept {
    if constexpr (std::is_function_v<F>) {
      return reinterpret_cast<void*>(&f);
    } else {
      return const_cast<void*>(static_cast<const void*>(std::addressof(f)));
    }
  }

  template <class F>
  static F& from_pointer(void* object) noexcept {
    if constexpr (std::is_function_v<F>) {
      return *reinterpret_cast<F*>(object);
    } else {
      return *static_cast<F*>(object);
    }
  }

  void* object_;
  R (*call_)(void*, Args...);
};

}  // namespace tenon
