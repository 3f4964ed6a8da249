#include "backends/ref/elements.hpp"

#include "backends/ref/numeric.hpp"
#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <complex>
#include <cstring>
#include <string>

namespace tenon::ref {
namespace {

template <class T>
int compare_values(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b))
      return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  }
  return a < b ? -1 : b < a ? 1 : 0;
}

template <class T>
int compare_complex(const Tensor& tensor, std::int64_t a, std::int64_t b) {
  const auto* values = reinterpret_cast<const T*>(tensor.data());
  const int real = compare_values(values[2 * a], values[2 * b]);
  return real != 0 ? real : compare_values(values[2 * a + 1], values[2 * b + 1]);
}

}  // namespace

void copy_elements(Tensor& to, std::int64_t to_index, const Tensor& from, std::int64_t from_index,
                   std::int64_t count) {
  TENON_CHECK(to.dtype() == from.dtype(), "elements of {} copied to {}", name(from.dtype()),
              name(to.dtype()));
  TENON_CHECK(count >= 0 && to_index >= 0 && from_index >= 0 && to_index + count <= to.elements() &&
                  from_index + count <= from.elements(),
              "{} elements copied from {} of {} to {} of {}", count, from_index, from.elements(), to_index,
              to.elements());
  if (count == 0) return;
  const int bits = bit_width(to.dtype());
  if (to.dtype() == DataType::string) {
    const auto source = from.values<std::string>().subspan(static_cast<std::size_t>(from_index));
    const auto target = to.mutable_values<std::string>().subspan(static_cast<std::size_t>(to_index));
    std::copy_n(source.begin(), count, target.begin());
  } else if (bits < 8) {
    for (std::int64_t i = 0; i < count; ++i)
      store_packed(to, to_index + i, load_packed(from, from_index + i));
  } else {
    const std::int64_t width = bits / 8;
    std::memcpy(to.mutable_data() + to_index * width, from.data() + from_index * width,
                static_cast<std::size_t>(count * width));
  }
}

void copy_all(Tensor& to, const Tensor& from) {
  TENON_CHECK(to.elements() == from.elements(), "{} elements copied to {}", from.elements(), to.elements());
  copy_elements(to, 0, from, 0, from.elements());
}

void clear(Tensor& tensor) {
  if (tensor.dtype() == DataType::string) {
    for (std::string& text : tensor.mutable_values<std::string>()) text.clear();
  } else if (tensor.elements() > 0) {
    std::memset(tensor.mutable_data(), 0, tensor.size_bytes());
  }
}

void concat_into(Tensor& out, std::span<const Tensor> parts, std::int64_t axis) {
  const AxisView whole = axis_view(out.shape(), axis);
  std::int64_t begin = 0;
  for (const Tensor& part : parts) {
    bool fits = part.rank() == out.rank();
    for (std::size_t i = 0; fits && i < out.shape().size(); ++i) {
      fits = static_cast<std::int64_t>(i) == axis || part.shape()[i] == out.shape()[i];
    }
    TENON_REQUIRE(fits, "concat: shapes [{}] and [{}] differ beside axis {}", join(part.shape()),
                  join(out.shape()), axis);
    const std::int64_t size = part.shape()[static_cast<std::size_t>(axis)];
    const std::int64_t run = size * whole.inner;
    for (std::int64_t o = 0; o < whole.outer; ++o) {
      copy_elements(out, (o * whole.size + begin) * whole.inner, part, o * run, run);
    }
    begin += size;
  }
  TENON_CHECK(begin == whole.size, "parts of {} elements along axis {} of extent {}", begin, axis,
              whole.size);
}

Tensor axis_range(const Tensor& from, std::int64_t axis, std::int64_t begin, std::int64_t count) {
  const AxisView whole = axis_view(from.shape(), axis);
  Shape shape = from.shape();
  shape[static_cast<std::size_t>(axis)] = count;
  Tensor part(from.dtype(), std::move(shape));
  const std::int64_t run = count * whole.inner;
  for (std::int64_t o = 0; o < whole.outer; ++o) {
    copy_elements(part, o * run, from, (o * whole.size + begin) * whole.inner, run);
  }
  return part;
}

Tensor stack(std::span<const Tensor> parts, std::int64_t axis) {
  const Tensor& first = parts.front();
  std::vector<Tensor> widened;
  for (const Tensor& part : parts) {
    TENON_REQUIRE(part.dtype() == first.dtype() && part.shape() == first.shape(),
                  "stacked tensors differ: {}[{}] and {}[{}]", name(first.dtype()), join(first.shape()),
                  name(part.dtype()), join(part.shape()));
    Shape shape = part.shape();
    shape.insert(shape.begin() + axis, 1);
    widened.push_back(part.reshaped(std::move(shape)));
  }
  Shape shape = first.shape();
  shape.insert(shape.begin() + axis, static_cast<std::int64_t>(parts.size()));
  Tensor out(first.dtype(), std::move(shape));
  concat_into(out, widened, axis);
  return out;
}

std::optional<std::vector<std::int64_t>> int_list(const std::optional<std::vector<std::int64_t>>& from_field,
                                                  const Call& call, std::size_t i) {
  if (from_field || !call.has(i)) return from_field;
  return to_integers(call.in(i));
}

std::int64_t int_scalar(const Tensor& tensor) {
  TENON_REQUIRE(tensor.elements() == 1, "expected one element, found {}", tensor.elements());
  return to_integers(tensor).front();
}

std::int64_t checked_index(std::string_view op, std::int64_t index, std::int64_t extent) {
  TENON_REQUIRE(index >= -extent && index < extent, "{}: index {} is outside [-{}, {})", op, index, extent,
                extent);
  return index < 0 ? index + extent : index;
}

int compare_elements(const Tensor& tensor, std::int64_t a, std::int64_t b) {
  const DataType dtype = tensor.dtype();
  const auto x = static_cast<std::size_t>(a);
  const auto y = static_cast<std::size_t>(b);
  if (dtype == DataType::string)
    return tensor.values<std::string>()[x].compare(tensor.values<std::string>()[y]);
  if (dtype == DataType::boolean) {
    return compare_values(std::to_integer<int>(tensor.data()[a]), std::to_integer<int>(tensor.data()[b]));
  }
  if (dtype == DataType::c64) return compare_complex<float>(tensor, a, b);
  if (dtype == DataType::c128) return compare_complex<double>(tensor, a, b);
  if (is_integer(dtype) && bit_width(dtype) < 8) {
    return compare_values(load_packed(tensor, a), load_packed(tensor, b));
  }
  if (is_floating_point(dtype) && bit_width(dtype) <= 8) {
    Tensor pair(dtype, {2});
    copy_elements(pair, 0, tensor, a);
    copy_elements(pair, 1, tensor, b);
    const std::vector<double> values = to_doubles(pair);
    return compare_values(values[0], values[1]);
  }
  return dispatch_numeric(dtype, [&](auto tag) {
    const auto values = elements<typename decltype(tag)::type>(tensor);
    return compare_values(widen(values[x]), widen(values[y]));
  });
}

}  // namespace tenon::ref
