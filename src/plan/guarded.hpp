// Steps do not throw: what their code throws becomes a Status.
#pragma once

#include <tenon/error.hpp>
#include <tenon/status.hpp>

#include <exception>
#include <new>

namespace tenon {

StatusCode status_code(ErrorKind kind) noexcept;

// The status that `run` returns, or what it threw as one.
template <class F>
Status guarded(F&& run) noexcept {
  try {
    return run();
  } catch (const Error& error) {
    return Status(status_code(error.kind()), error.what());
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::out_of_memory, "out of memory");
  } catch (const std::exception& error) {
    return Status(StatusCode::internal, error.what());
  } catch (...) {
    return Status(StatusCode::internal, "an exception of unknown type");
  }
}

}  // namespace tenon
