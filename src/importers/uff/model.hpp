// What a UFF file says, as plain structs. Strings and bytes are views into the file, which must outlive them.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tenon::uff {

// One entry of a map from names to Data messages; the message is read when somebody asks for it.
struct FieldDef {
  std::string_view name;
  std::string_view data;
};

struct NodeDef {
  std::string_view id;
  std::string_view operation;
  std::vector<std::string_view> inputs;  // ids of nodes; every node has one output
  std::vector<FieldDef> fields;
};

struct MetaGraphDef {
  std::string_view name;  // of the only graph
  std::vector<NodeDef> nodes;
  std::unordered_map<std::string_view, std::string_view> referenced_data;  // Data messages that fields name
};

// A Data message. Numbers, booleans and element types are in `number` (a double by its bits); strings, blobs,
// references and the messages of lists in `bytes`.
struct Data {
  // Numbers of the fields in the message's oneof.
  enum class Kind : std::uint8_t {
    none = 0,
    string = 1,
    strings = 2,
    real = 3,
    reals = 4,
    boolean = 5,
    booleans = 6,
    integer = 7,
    integers = 8,
    blob = 9,
    reference = 100,
    dtype = 101,
    dtypes = 102,
    orders = 103,
    orders_list = 104,
  };
  Kind kind = Kind::none;
  std::uint64_t number = 0;
  std::string_view bytes;
};

}  // namespace tenon::uff
