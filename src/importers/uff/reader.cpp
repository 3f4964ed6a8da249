#include "importers/uff/reader.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "importers/wire.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <array>
#include <limits>
#include <unordered_set>

namespace tenon::uff {
namespace {

constexpr std::int64_t kVersion = 1;        // of the file and of the core operations
constexpr std::size_t kMaxNodes = 200'000;  // a node takes more memory than the bytes that say it
constexpr int kMaxReferences = 16;
constexpr std::size_t kMaxOperands = 64;  // whose orders one list may hold

constexpr std::array<std::string_view, 2> kExtensions = {"tensorflow_extension", "custom"};

FieldDef read_entry(WireReader in) {
  FieldDef entry;
  while (in.next()) {
    if (in.field() == 1) entry.name = in.bytes();
    if (in.field() == 2) entry.data = in.bytes();
  }
  return entry;
}

NodeDef read_node(WireReader in) {
  NodeDef node;
  while (in.next()) {
    switch (in.field()) {
      case 1: node.id = in.bytes(); break;
      case 2: node.inputs.push_back(in.bytes()); break;
      case 3: node.operation = in.bytes(); break;
      case 4: node.fields.push_back(read_entry(in.message())); break;
      default: break;  // 100: extra fields, which change no meaning
    }
  }
  return node;
}

void read_graph(WireReader in, MetaGraphDef& graph) {
  while (in.next()) {
    if (in.field() == 1) graph.name = in.bytes();
    if (in.field() != 2) continue;
    if (graph.nodes.size() == kMaxNodes) in.fail(fmt::format("the graph has more than {} nodes", kMaxNodes));
    graph.nodes.push_back(read_node(in.message()));
  }
}

void check_extension(WireReader in) {
  std::string_view id;
  std::int64_t version = 0;
  bool optional = false;
  while (in.next()) {
    if (in.field() == 1) id = in.bytes();
    if (in.field() == 2) version = in.int64();
    if (in.field() == 3) optional = in.varint() != 0;
  }
  const bool known = id == kExtensions[0] || id == kExtensions[1];
  TENON_REQUIRE(optional || (known && version <= kVersion),
                "the file needs the extension {}, version {}, which is not known", quote(id), version);
}

// The list of one DimensionOrders message: the main order has the key -1.
AxisOrder read_order(WireReader in) {
  constexpr std::int64_t kIncrement = std::numeric_limits<std::int32_t>::max();
  std::vector<std::int64_t> axes;
  while (in.next()) {
    if (in.field() != 1) continue;
    std::int64_t key = 0;
    std::vector<std::int64_t> list;
    for (WireReader entry = in.message(); entry.next();) {
      if (entry.field() == 1) key = entry.int32();
      if (entry.field() != 2) continue;
      for (WireReader values = entry.message(); values.next();) {
        if (values.field() == 1 && values.varint_count() <= kMaxOperands) values.append_to(list);
      }
    }
    if (key == -1) axes = std::move(list);
  }
  AxisOrder order;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const bool spatial = i + 1 < axes.size() && axes[i + 1] == kIncrement;
    if (spatial && axes[i] == 2) {
      order += '+';
      ++i;
    } else if (axes[i] == 0 || axes[i] == 1) {
      order += axes[i] == 0 ? 'N' : 'C';
    } else {
      in.fail(fmt::format("the order of axes [{}] is not known", fmt::join(axes, ", ")));
    }
  }
  std::unordered_set<char> distinct(order.begin(), order.end());
  if (distinct.size() != order.size() || distinct.count('N') == 0 || distinct.count('C') == 0)
    in.fail(fmt::format("the order of axes [{}] is not known", fmt::join(axes, ", ")));
  return order;
}

}  // namespace

MetaGraphDef read_meta_graph(std::string_view bytes) {
  MetaGraphDef graph;
  std::int64_t version = 0;
  std::int64_t core_version = 0;
  int graphs = 0;
  for (WireReader in(bytes); in.next();) {
    switch (in.field()) {
      case 1: version = in.int64(); break;
      case 2: core_version = in.int64(); break;
      case 3: check_extension(in.message()); break;
      case 4:
        if (++graphs == 1) read_graph(in.message(), graph);
        break;
      case 5: {
        const FieldDef entry = read_entry(in.message());
        graph.referenced_data.insert_or_assign(entry.name, entry.data);
        break;
      }
      default: break;
    }
  }
  TENON_REQUIRE(graphs > 0, "not a UFF file: it holds no graph");
  TENON_REQUIRE(graphs == 1, "the file holds {} graphs, expected one", graphs);
  TENON_REQUIRE(version <= kVersion && core_version <= kVersion,
                "version {} of UFF (operations: {}) is newer than {}, the newest that is known", version,
                core_version, kVersion);
  return graph;
}

bool looks_like_uff(std::string_view head) {
  // Version, version of the operations, then the first extension or graph, whose own first field is a name.
  if (head.size() < 8 || head[0] != 0x08 || head[2] != 0x10) return false;
  if (head[4] != 0x1A && head[4] != 0x22) return false;
  std::size_t at = 5;
  while (at < head.size() && (static_cast<unsigned char>(head[at]) & 0x80U) != 0) ++at;
  return at + 1 < head.size() && head[at + 1] == 0x0A;
}

Data read_data(const MetaGraphDef& graph, std::string_view message) {
  for (int i = 0; i < kMaxReferences; ++i) {
    Data data;
    for (WireReader in(message); in.next();) {
      const auto kind = static_cast<Data::Kind>(in.field());
      switch (kind) {
        case Data::Kind::boolean:
        case Data::Kind::integer:
        case Data::Kind::dtype: data = {kind, in.varint(), {}}; break;
        case Data::Kind::real: {
          const std::string_view bits = in.fixed_bytes(sizeof(double));
          if (bits.size() != sizeof(double)) in.fail("a number should have 8 bytes");
          data = {kind, 0, {}};
          bits.copy(reinterpret_cast<char*>(&data.number), sizeof(double));
          break;
        }
        case Data::Kind::string:
        case Data::Kind::strings:
        case Data::Kind::reals:
        case Data::Kind::booleans:
        case Data::Kind::integers:
        case Data::Kind::blob:
        case Data::Kind::reference:
        case Data::Kind::dtypes:
        case Data::Kind::orders:
        case Data::Kind::orders_list: data = {kind, 0, in.bytes()}; break;
        default: break;
      }
    }
    if (data.kind != Data::Kind::reference) return data;
    const auto found = graph.referenced_data.find(data.bytes);
    TENON_REQUIRE(found != graph.referenced_data.end(), "there is no referenced data {}", quote(data.bytes));
    message = found->second;
  }
  throw ModelError(fmt::format("referenced data refers to other data more than {} times", kMaxReferences));
}

std::vector<std::int64_t> read_integers(const Data& data, std::size_t limit) {
  std::vector<std::int64_t> list;
  for (WireReader in(data.bytes); in.next();) {
    if (in.field() != 1) continue;
    if (list.size() + in.varint_count() > limit)
      in.fail(fmt::format("a list has more than {} elements", limit));
    in.append_to(list);
  }
  return list;
}

std::string_view kind_name(Data::Kind kind) {
  switch (kind) {
    case Data::Kind::none: return "nothing";
    case Data::Kind::string: return "a string";
    case Data::Kind::strings: return "a list of strings";
    case Data::Kind::real: return "a number";
    case Data::Kind::reals: return "a list of numbers";
    case Data::Kind::boolean: return "a boolean";
    case Data::Kind::booleans: return "a list of booleans";
    case Data::Kind::integer: return "an integer";
    case Data::Kind::integers: return "a list of integers";
    case Data::Kind::blob: return "a blob";
    case Data::Kind::reference: return "a reference";
    case Data::Kind::dtype: return "an element type";
    case Data::Kind::dtypes: return "a list of element types";
    case Data::Kind::orders: return "an order of axes";
    case Data::Kind::orders_list: return "a list of orders of axes";
  }
  return "something unknown";
}

DataType data_type(std::uint64_t code) {
  // The high half says integer or float, the low half the width.
  switch (code) {
    case 0x10008: return DataType::i8;
    case 0x10010: return DataType::i16;
    case 0x10020: return DataType::i32;
    case 0x10040: return DataType::i64;
    case 0x20010: return DataType::f16;
    case 0x20020: return DataType::f32;
    default: throw ModelError(fmt::format("element type {:#x} is not known", code));
  }
}

std::vector<AxisOrder> read_orders(const Data& data) {
  std::vector<AxisOrder> orders;
  for (WireReader in(data.bytes); in.next();) {
    if (in.field() != 1) continue;
    if (orders.size() == kMaxOperands) in.fail("a list of orders is too long");
    orders.push_back(read_order(in.message()));
  }
  return orders;
}

}  // namespace tenon::uff
