#include "plan/strips.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace tenon {

std::optional<StripLayout> strip_layout(const Type& type) {
  constexpr std::size_t kRank = 4;
  if (!type.is_tensor()) return std::nullopt;
  const TensorType& tensor = type.as_tensor();
  const Layout& layout = tensor.layout;
  if (!tensor.dims || tensor.dims->size() != kRank || !layout.order.empty() || layout.blocks.size() > 1 ||
      (!layout.blocks.empty() && layout.blocks[0].axis != 1) || tensor.dtype == DataType::string)
    return std::nullopt;
  const Dims& dims = *tensor.dims;
  if (!std::all_of(dims.begin() + 1, dims.end(), [](const Dim& dim) { return dim.is_const(); }))
    return std::nullopt;
  const std::int64_t block = layout.blocks.empty() ? 1 : layout.blocks[0].size;
  const std::int64_t planes = (dims[1].value() + block - 1) / block;
  if (planes == 0 || dims[3].value() == 0) return std::nullopt;
  return StripLayout{planes, storage_bytes(tensor, {1, dims[1].value(), 1, dims[3].value()}) / planes};
}

void set_row_padding(AttributeList& params, std::int64_t top, std::int64_t bottom) {
  for (Attribute& param : params) {
    if (param.name != "pad") continue;
    auto pad = std::get<std::vector<std::int64_t>>(param.value);
    pad.resize(4);
    pad[0] = top;
    pad[2] = bottom;
    param.value = std::move(pad);
    return;
  }
  params.push_back({"pad", std::vector<std::int64_t>{top, 0, bottom, 0}});
}

}  // namespace tenon
