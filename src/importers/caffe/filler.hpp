// Fillers: how Caffe draws weights before training; here, the weights of a network that has none.
#pragma once

#include "importers/caffe/text_format.hpp"

#include <tenon/tensor.hpp>

#include <cstdint>
#include <string>

namespace tenon::caffe {

struct Filler {
  std::string type = "constant";  // constant, uniform, gaussian, positive_unitball, xavier, msra or bilinear
  float value = 0;                // constant
  float min = 0;                  // uniform: [min, max)
  float max = 1;
  float mean = 0;  // gaussian
  float std = 1;
  std::string variance_norm = "FAN_IN";  // xavier, msra: FAN_IN, FAN_OUT or AVERAGE

  static Filler constant(float value);
  static Filler xavier();
};

// The filler that a layer names; `otherwise` where it names none.
Filler read_filler(const Message* fields, Filler otherwise);

// f32 of that shape, the same for the same seed everywhere. ModelError for an unknown filler.
Tensor fill(const Filler& filler, const Shape& shape, std::uint64_t seed);

}  // namespace tenon::caffe
