#include "bindings/python/memory.hpp"

#include "bindings/python/arrays.hpp"
#include "bindings/python/numpy.hpp"

#include <tenon/error.hpp>

#include <nanobind/ndarray.h>

#include <algorithm>
#include <cstring>

namespace tenon::python {
namespace {

// Something of Python's that any thread may drop.
template <class T>
struct Held {
  T value;
  explicit Held(T v) : value(std::move(v)) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held();
};

void release(Py_buffer& buffer) { PyBuffer_Release(&buffer); }
void release(nb::ndarray<>& array) { array = {}; }
void release(nb::ndarray<nb::ro>& array) { array = {}; }

template <class T>
Held<T>::~Held() {
  if (Py_IsInitialized() == 0) return;
  const nb::gil_scoped_acquire lock;
  release(value);
}

// Of the struct module's codes, native sizes.
std::optional<DataType> type_of_format(const char* format, Py_ssize_t size) {
  if (format == nullptr) return DataType::u8;
  if (*format == '@' || *format == '=' || *format == '<') ++format;  // little-endian machines only
  const bool complex = *format == 'Z';
  if (complex) ++format;
  if (format[0] == '\0' || format[1] != '\0') return std::nullopt;
  if (complex) {
    if (*format == 'f') return DataType::c64;
    return *format == 'd' ? std::optional(DataType::c128) : std::nullopt;
  }
  const auto sized = [size](DataType one, DataType two, DataType four,
                            DataType eight) -> std::optional<DataType> {
    switch (size) {
      case 1: return one;
      case 2: return two;
      case 4: return four;
      case 8: return eight;
      default: return std::nullopt;
    }
  };
  switch (*format) {
    case '?': return DataType::boolean;
    case 'e': return DataType::f16;
    case 'f': return DataType::f32;
    case 'd': return DataType::f64;
    case 'b':
    case 'h':
    case 'i':
    case 'l':
    case 'q':
    case 'n': return sized(DataType::i8, DataType::i16, DataType::i32, DataType::i64);
    case 'B':
    case 'H':
    case 'I':
    case 'L':
    case 'Q':
    case 'N': return sized(DataType::u8, DataType::u16, DataType::u32, DataType::u64);
    default: return std::nullopt;
  }
}

std::optional<ArrayMemory> of_buffer(nb::handle object) {
  Py_buffer buffer;
  if (PyObject_GetBuffer(object.ptr(), &buffer, PyBUF_RECORDS_RO) != 0) {
    PyErr_Clear();
    return std::nullopt;
  }
  const auto held = std::make_shared<const Held<Py_buffer>>(buffer);
  const std::optional<DataType> dtype = type_of_format(buffer.format, buffer.itemsize);
  if (!dtype) return std::nullopt;
  ArrayMemory memory;
  memory.dtype = *dtype;
  memory.shape.assign(buffer.shape, buffer.shape + buffer.ndim);
  memory.strides.assign(buffer.strides, buffer.strides + buffer.ndim);
  memory.data = static_cast<std::byte*>(buffer.buf);
  memory.writable = buffer.readonly == 0;
  memory.owner = held;
  return memory;
}

std::optional<DataType> type_of_dlpack(nb::dlpack::dtype dtype) {
  using Code = nb::dlpack::dtype_code;
  if (dtype.lanes != 1) return std::nullopt;
  const auto sized = [&](std::initializer_list<DataType> types) -> std::optional<DataType> {
    for (const DataType type : types) {
      if (bit_width(type) == dtype.bits) return type;
    }
    return std::nullopt;
  };
  switch (static_cast<Code>(dtype.code)) {
    case Code::Int: return sized({DataType::i8, DataType::i16, DataType::i32, DataType::i64});
    case Code::UInt: return sized({DataType::u8, DataType::u16, DataType::u32, DataType::u64});
    case Code::Float: return sized({DataType::f16, DataType::f32, DataType::f64});
    case Code::Bfloat: return sized({DataType::bf16});
    case Code::Complex: return sized({DataType::c64, DataType::c128});
    case Code::Bool: return sized({DataType::boolean});
    case Code::Float8_E4M3FN: return sized({DataType::f8e4m3fn});
    case Code::Float8_E4M3FNUZ: return sized({DataType::f8e4m3fnuz});
    case Code::Float8_E5M2: return sized({DataType::f8e5m2});
    case Code::Float8_E5M2FNUZ: return sized({DataType::f8e5m2fnuz});
    case Code::Float8_E8M0FNU: return sized({DataType::f8e8m0});
    default: return std::nullopt;
  }
}

template <class Array>
std::optional<ArrayMemory> of_dlpack(nb::handle object, bool writable) {
  Array array;
  if (!nb::try_cast(object, array, false)) return std::nullopt;
  if (array.device_type() != nb::device::cpu::value) {
    throw ModelError("expected an array in host memory, found one on DLPack device " +
                     std::to_string(array.device_type()) + ": move it to the CPU");
  }
  const std::optional<DataType> dtype = type_of_dlpack(array.dtype());
  if (!dtype) return std::nullopt;
  ArrayMemory memory;
  memory.dtype = *dtype;
  for (std::size_t axis = 0; axis < array.ndim(); ++axis) {
    memory.shape.push_back(static_cast<std::int64_t>(array.shape(axis)));
    memory.strides.push_back(array.stride(axis) * static_cast<std::int64_t>(array.itemsize()));
  }
  memory.data = const_cast<std::byte*>(static_cast<const std::byte*>(static_cast<const void*>(array.data())));
  memory.writable = writable;
  memory.owner = std::make_shared<const Held<Array>>(std::move(array));
  return memory;
}

// Types of ml_dtypes have no buffer protocol: through integers of their size.
std::optional<ArrayMemory> of_extended(nb::handle array) {
  const std::optional<DataType> dtype = numpy().type_of(array.attr("dtype"));
  if (!dtype || !same_in_numpy(*dtype)) return std::nullopt;
  const DataType carrier = bit_width(*dtype) == 8 ? DataType::u8 : DataType::u16;
  if (bit_width(*dtype) > 16) return std::nullopt;
  std::optional<ArrayMemory> memory = of_buffer(array.attr("view")(numpy_dtype(carrier)));
  if (memory) memory->dtype = *dtype;
  return memory;
}

void copy_strided(std::byte*& to, const std::byte* from, std::span<const std::int64_t> shape,
                  std::span<const std::int64_t> strides, std::size_t size) {
  if (shape.empty()) {
    std::memcpy(to, from, size);
    to += size;
    return;
  }
  for (std::int64_t i = 0; i < shape[0]; ++i) {
    copy_strided(to, from + i * strides[0], shape.subspan(1), strides.subspan(1), size);
  }
}

std::size_t element_bytes(DataType dtype) { return static_cast<std::size_t>(bit_width(dtype)) / 8; }

}  // namespace

bool ArrayMemory::usable_in_place() const noexcept {
  const std::size_t alignment = std::min<std::size_t>(element_bytes(dtype), 8);
  if (reinterpret_cast<std::uintptr_t>(data) % alignment != 0) return false;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return true;
  auto expected = static_cast<std::int64_t>(element_bytes(dtype));
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] != 1 && strides[axis] != expected) return false;
    expected *= shape[axis];
  }
  return true;
}

Tensor ArrayMemory::copied() const {
  Tensor tensor(dtype, shape);
  if (tensor.elements() == 0) return tensor;
  std::byte* to = tensor.mutable_data();
  copy_strided(to, data, shape, strides, element_bytes(dtype));
  return tensor;
}

std::optional<ArrayMemory> memory_of(nb::handle object) {
  if (PyObject_CheckBuffer(object.ptr()) != 0) {
    if (PyBytes_Check(object.ptr()) != 0) return std::nullopt;  // a string, not its bytes
    if (auto memory = of_buffer(object)) return memory;
  }
  if (nb::isinstance(object, numpy().ndarray)) return of_extended(object);
  if (!nb::hasattr(object, "__dlpack__")) return std::nullopt;
  if (auto memory = of_dlpack<nb::ndarray<>>(object, true)) return memory;
  return of_dlpack<nb::ndarray<nb::ro>>(object, false);
}

}  // namespace tenon::python
