#include "data_json.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <fstream>

namespace tenon::tool {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json element(const Tensor& tensor, std::int64_t i) {
  return tensor.values<T>()[static_cast<std::size_t>(i)];
}

Json element(const Tensor& tensor, std::int64_t i) {
  switch (tensor.dtype()) {
    case DataType::boolean: return element<bool>(tensor, i);
    case DataType::f32: return element<float>(tensor, i);
    case DataType::f64: return element<double>(tensor, i);
    case DataType::i8: return element<std::int8_t>(tensor, i);
    case DataType::i16: return element<std::int16_t>(tensor, i);
    case DataType::i32: return element<std::int32_t>(tensor, i);
    case DataType::i64: return element<std::int64_t>(tensor, i);
    case DataType::u8: return element<std::uint8_t>(tensor, i);
    case DataType::u16: return element<std::uint16_t>(tensor, i);
    case DataType::u32: return element<std::uint32_t>(tensor, i);
    case DataType::u64: return element<std::uint64_t>(tensor, i);
    case DataType::string: return element<std::string>(tensor, i);
    default: throw ModelError(fmt::format("{} cannot be written as JSON", name(tensor.dtype())));
  }
}

// The part of `tensor` from element `first` on that has the dims from `axis` on.
Json nested(const Tensor& tensor, std::size_t axis, std::int64_t first) {
  if (axis == tensor.shape().size()) return element(tensor, first);
  std::int64_t stride = 1;
  for (std::size_t i = axis + 1; i < tensor.shape().size(); ++i) stride *= tensor.shape()[i];
  Json list = Json::array();
  for (std::int64_t i = 0; i < tensor.shape()[axis]; ++i)
    list.push_back(nested(tensor, axis + 1, first + i * stride));
  return list;
}

Json pairs(const MapData& map) {
  Json list = Json::array();
  const Json values = to_json(*map.values);
  for (std::int64_t i = 0; i < map.keys.elements(); ++i)
    list.push_back(Json::array({element(map.keys, i), values.at(static_cast<std::size_t>(i))}));
  return list;
}

}  // namespace

nlohmann::ordered_json to_json(const Data& data) {
  if (!data.present()) return nullptr;
  if (data.is_tensor()) return nested(data.tensor(), 0, 0);
  if (std::holds_alternative<std::shared_ptr<const MapData>>(data.value)) return pairs(data.map());
  Json list = Json::array();
  for (const Data& item : data.sequence().elements) list.push_back(to_json(item));
  return list;
}

void save_json(const Data& data, const std::filesystem::path& path) {
  // Strings of a model may hold any bytes.
  const std::string text = to_json(data).dump(2, ' ', false, Json::error_handler_t::replace);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text << '\n';
  file.close();
  if (!file) throw ModelError(fmt::format("cannot write '{}'", path.string()));
}

}  // namespace tenon::tool
