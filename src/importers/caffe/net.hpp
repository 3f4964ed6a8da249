// A Caffe network as its prototxt describes it: the layers of the test phase, in order, in the newest of the
// three forms that the format has had.
#pragma once

#include "importers/caffe/text_format.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tenon::caffe {

struct LayerDef {
  std::string name;
  std::string type;
  std::vector<std::string> bottoms;
  std::vector<std::string> tops;
  const Message* fields = nullptr;  // the whole layer
};

struct NetDef {
  std::string name;
  std::vector<LayerDef> layers;
  Message inputs, text;  // what the layers point into
};

// Leaves out layers whose include and exclude rules do not fit the network's `state` (default: phase TEST,
// level 0, no stages). The legacy fields input, input_dim and input_shape become layers of type Input.
// ModelError with the line of what is malformed.
NetDef read_net(std::string_view prototxt);

// Turns layers of the two old forms ("layers", with enumerators as types, and with a "layer" inside) into
// "layer" messages with the type names and fields of the newest.
void upgrade(Message& net);

}  // namespace tenon::caffe
