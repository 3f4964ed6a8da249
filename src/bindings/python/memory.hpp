// Looking into arrays: NumPy's and ml_dtypes' ones, whatever has the buffer protocol, DLPack tensors.
#pragma once

#include "bindings/python/bindings.hpp"

#include <tenon/tensor.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace tenon::python {

// An array's memory, in native byte order, kept alive by `owner` (which may be dropped without the
// interpreter's lock).
struct ArrayMemory {
  DataType dtype = DataType::f32;
  Shape shape;
  std::vector<std::int64_t> strides;  // in bytes
  std::byte* data = nullptr;
  bool writable = false;
  std::shared_ptr<const void> owner;

  bool usable_in_place() const noexcept;  // contiguous, and aligned for the element type
  Tensor copied() const;
};

// Nothing for what is no array, and for arrays whose elements a Tensor holds in another form. ModelError when
// the memory is on another device.
std::optional<ArrayMemory> memory_of(nb::handle object);

}  // namespace tenon::python
