#include "plan/guarded.hpp"

namespace tenon {

StatusCode status_code(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::model: return StatusCode::invalid_argument;
    case ErrorKind::device: return StatusCode::device_error;
    case ErrorKind::internal: break;
  }
  return StatusCode::internal;
}

}  // namespace tenon
