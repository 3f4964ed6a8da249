// Weights in the order in which tiles take them: [groups][ceil(O/16)][step][16][16 o][4 bytes], of transposed
// convolutions (by_tap.hpp) tap by tap, and matrices: [ceil(n/16)][step][16][16 columns][4 bytes].
#pragma once

#include "backends/cpu/kernels/matrix/arrangement.hpp"
#include "backends/cpu/kernels/matrix/by_tap.hpp"

namespace tenon::cpu {

// In elements of so many bytes.
inline std::size_t matrix_packed_size(const ConvShape& shape, int element) {
  const ConvShape s = conv_merged(shape);
  return static_cast<std::size_t>(s.groups * channel_blocks(s.group_out()) * kMatrixStepWeights / element *
                                  MatrixSteps(s, element).count());
}

// of(i) is weight i of OIHW as an Element.
template <class Element, class Of>
void matrix_pack(const ConvShape& shape, Element* packed, const Of& of) {
  constexpr int kGroup = kMatrixGroup / sizeof(Element);
  const ConvShape s = conv_merged(shape);
  const MatrixSteps steps(s, sizeof(Element));
  const int merged = shape.groups / s.groups;
  const int in = shape.group_in(), out = shape.group_out();
  // A weight of the merged group g: zero between channels of different groups.
  const auto at = [&](int g, int o, const MatrixSteps::Place& place) -> Element {
    if (o >= s.group_out() || place.channel < 0 || o / out != place.channel / in) return 0;
    const std::ptrdiff_t filter = (static_cast<std::ptrdiff_t>(g) * merged * out + o) * in;
    return of(((filter + place.channel % in) * s.kernel_h + place.tap_h) * s.kernel_w + place.tap_w);
  };
  for (int g = 0; g < s.groups; ++g) {
    for (int block = 0; block < s.group_out(); block += kChannelBlock) {
      for (int step = 0; step < steps.count(); ++step) {
        for (int k = 0; k < steps.depth(); ++k) {
          const MatrixSteps::Place place = steps.place(step, k);
          Element* to = packed + k / kGroup * kChannelBlock * kGroup + k % kGroup;
          for (int o = 0; o < kChannelBlock; ++o) to[o * kGroup] = at(g, block + o, place);
        }
        packed += kMatrixStepWeights / static_cast<int>(sizeof(Element));
      }
    }
  }
}

inline std::size_t matrix_packed_transposed_size(const ConvShape& shape, int element) {
  return static_cast<std::size_t>(shape.kernel_h * shape.kernel_w) *
         matrix_packed_size(by_tap(shape), element);
}

// of(i) is weight i of [in_channels][out_channels / groups][kernel_h][kernel_w] as an Element.
template <class Element, class Of>
void matrix_pack_transposed(const ConvShape& s, Element* packed, const Of& of) {
  const int taps = s.kernel_h * s.kernel_w, in = s.group_in(), out = s.group_out();
  for (int tap = 0; tap < taps; ++tap) {
    matrix_pack(by_tap(s), packed, [&](std::ptrdiff_t i) {
      const std::ptrdiff_t o = i / in, row = o / out * in + i % in;
      return of((row * out + o % out) * taps + tap);
    });
    packed += matrix_packed_size(by_tap(s), sizeof(Element));
  }
}

inline std::size_t matrix_packed_product_size(int k, int n, int element) {
  return static_cast<std::size_t>(channel_blocks(n) * round_up(k, kMatrixDepth / element) * kChannelBlock);
}

// of(row, column) is an element of the k x n matrix.
template <class Element, class Of>
void matrix_pack_product(int k, int n, Element* packed, const Of& of) {
  constexpr int kGroup = kMatrixGroup / sizeof(Element), kDepth = kMatrixDepth / sizeof(Element);
  for (int block = 0; block < n; block += kChannelBlock) {
    for (int group = 0; group < round_up(k, kDepth); group += kGroup) {
      for (int column = block; column < block + kChannelBlock; ++column) {
        for (int row = group; row < group + kGroup; ++row)
          *packed++ = row < k && column < n ? of(row, column) : Element{};
      }
    }
  }
}

}  // namespace tenon::cpu
