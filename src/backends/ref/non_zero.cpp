#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"

#include <string>

namespace tenon {
namespace ref {
namespace {

std::vector<bool> non_zero_marks(const Tensor& data) {
  std::vector<bool> marks(static_cast<std::size_t>(data.elements()));
  if (data.dtype() == DataType::string) {
    const auto texts = data.values<std::string>();
    for (std::size_t i = 0; i < marks.size(); ++i) marks[i] = !texts[i].empty();
  } else if (data.dtype() == DataType::c64 || data.dtype() == DataType::c128) {
    const DataType part = data.dtype() == DataType::c64 ? DataType::f32 : DataType::f64;
    const std::vector<double> values =
        to_doubles(Tensor::view_const(part, {2 * data.elements()}, data.data()));
    for (std::size_t i = 0; i < marks.size(); ++i) marks[i] = values[2 * i] != 0 || values[2 * i + 1] != 0;
  } else {
    const std::vector<double> values = to_doubles(data);
    for (std::size_t i = 0; i < marks.size(); ++i) marks[i] = values[i] != 0;
  }
  return marks;
}

void run_non_zero(const Op&, const Call& call) {
  const Tensor& data = call.in(0);
  const std::vector<bool> marks = non_zero_marks(data);
  const auto count = static_cast<std::int64_t>(std::count(marks.begin(), marks.end(), true));
  Tensor out(DataType::i64, {data.rank(), count});
  const auto values = out.mutable_values<std::int64_t>();
  std::size_t element = 0;
  std::size_t column = 0;
  for_each_index(data.shape(), [&](std::span<const std::int64_t> index) {
    if (!marks[element++]) return;
    for (std::size_t i = 0; i < index.size(); ++i)
      values[i * static_cast<std::size_t>(count) + column] = index[i];
    ++column;
  });
  call.outputs[0] = std::move(out);
}

}  // namespace
}  // namespace ref

void register_ref_non_zero(ref::Registry& registry) { registry.add("non_zero", ref::run_non_zero); }

}  // namespace tenon
