// Places of bins fit into 16 bits: two vectors become one, and are counted while those of the block after are
// computed. In some tensors many values are zeros: these are counted by masks, the others compacted. In some
// most are like the one before: such runs are compacted, and each is counted by one store.
#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/observe/observe.hpp"
#include "backends/cpu/kernels/unroll.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace tenon::cpu {
namespace {

// GCC warns of what unmasked forms leave undefined.
constexpr __mmask16 kAllLanes = 0xFFFF;
constexpr int kLanes = simd::F32::kLanes;
// Values of a block: whole pairs of vectors.
constexpr int kBlock = 256;
// From how many other values that are like the one before, or else zeros, of a block on the next one is
// counted by runs, or without its zeros.
constexpr int kMany = kBlock / 8;
// Every how many values of a block neighbours are compared.
constexpr int kSampled = kBlock / 2;
// Where a run begins, above its place in the table.
constexpr int kRunShift = 16;
static_assert(kObserveTable <= 1 << 15);

// Extremes so far of the bits, in each lane. As signed numbers, those of positive floats are in order and
// above those of negative ones; as unsigned numbers, negative ones are above, the least on top.
struct ObservedBits {
  __m512i top_signed = _mm512_set1_epi32(std::numeric_limits<std::int32_t>::min());
  __m512i top = _mm512_setzero_si512();
  __m512i bottom = _mm512_set1_epi32(-1);

  TENON_SIMD void add(__m512i bits) {
    top_signed = _mm512_maskz_max_epi32(kAllLanes, top_signed, bits);
    top = _mm512_maskz_max_epu32(kAllLanes, top, bits);
    bottom = _mm512_maskz_min_epu32(kAllLanes, bottom, bits);
  }
  TENON_SIMD void add_lanes(__m512i bits, __mmask16 lanes) {
    top_signed = _mm512_mask_max_epi32(top_signed, lanes, top_signed, bits);
    top = _mm512_mask_max_epu32(top, lanes, top, bits);
    bottom = _mm512_mask_min_epu32(bottom, lanes, bottom, bits);
  }

  Observation result() const {
    constexpr std::uint32_t kInfinity = 0x7F800000;
    constexpr std::uint32_t kSign = 0x80000000;
    std::uint32_t signed_words[kLanes];
    std::uint32_t top_words[kLanes];
    std::uint32_t bottom_words[kLanes];
    _mm512_storeu_si512(signed_words, top_signed);
    _mm512_storeu_si512(top_words, top);
    _mm512_storeu_si512(bottom_words, bottom);
    std::int32_t above = static_cast<std::int32_t>(signed_words[0]);
    std::uint32_t most = top_words[0];
    std::uint32_t least = bottom_words[0];
    for (int lane = 1; lane < kLanes; ++lane) {
      above = std::max(above, static_cast<std::int32_t>(signed_words[lane]));
      most = std::max(most, top_words[lane]);
      least = std::min(least, bottom_words[lane]);
    }
    Observation seen;
    seen.min = std::bit_cast<float>((most & kSign) != 0 ? most : least);
    seen.max = std::bit_cast<float>(above >= 0 ? static_cast<std::uint32_t>(above) : least);
    seen.finite = above < static_cast<std::int32_t>(kInfinity) && most < (kSign | kInfinity);
    return seen;
  }
};

template <bool kLimited>
struct PlaceLanes {
  __m512i negative;
  __m512i positive;
  __m512 beyond;
  __m512 limit;
  ObservedBits seen;

  explicit PlaceLanes(const ObserveScale& scale)
      : negative(_mm512_castps_si512(_mm512_set1_ps(scale.negative))),
        positive(_mm512_castps_si512(_mm512_set1_ps(scale.positive))),
        beyond(_mm512_set1_ps(scale.beyond)),
        limit(_mm512_set1_ps(scale.limit)) {}

  // Relative to the place of bin 0 of what is positive.
  TENON_SIMD __m512i places(__m512 x) const {
    constexpr int kBlend = 0xCA;
    constexpr int kLesserMagnitude = 2;  // with the sign of the first operand
    const __m512i below = _mm512_maskz_srai_epi32(kAllLanes, _mm512_castps_si512(x), 31);
    __m512 inverse = _mm512_castsi512_ps(_mm512_ternarylogic_epi32(below, negative, positive, kBlend));
    __mmask16 above = 0;
    if (kLimited) {
      above = _mm512_cmp_ps_mask(x, limit, _CMP_GE_OQ);
      inverse = _mm512_mask_mov_ps(inverse, above, beyond);
    }
    // The addition makes +0 of -0.
    __m512 at = _mm512_fmadd_ps(x, inverse, _mm512_setzero_ps());
    at = _mm512_maskz_range_ps(kAllLanes, at, _mm512_set1_ps(static_cast<float>(kObserveBins - 1)),
                               kLesserMagnitude);
    __m512i place = _mm512_maskz_cvttps_epi32(kAllLanes, at);
    place = _mm512_add_epi32(place, _mm512_maskz_srai_epi32(kAllLanes, _mm512_castps_si512(at), 31));
    if (kLimited) place = _mm512_mask_add_epi32(place, above, place, _mm512_set1_epi32(kObserveBins));
    return place;
  }

  // Of two vectors; those of one stay neighbours in fours.
  TENON_SIMD __m512i pair(const float* src) {
    const __m512 x0 = _mm512_loadu_ps(src);
    const __m512 x1 = _mm512_loadu_ps(src + kLanes);
    seen.add(_mm512_castps_si512(x0));
    seen.add(_mm512_castps_si512(x1));
    return _mm512_packs_epi32(places(x0), places(x1));
  }

  TENON_SIMD __m512i some(const float* src, int n) {
    const __mmask16 lanes = simd::lane_mask(n);
    const __m512 x = _mm512_maskz_loadu_ps(lanes, src);
    seen.add_lanes(_mm512_castps_si512(x), lanes);
    return _mm512_packs_epi32(places(x), _mm512_setzero_si512());
  }
};

// Of a block, known or estimated: zeros, which is all of bin 0 of what is positive, and others that are like
// the value before.
struct Alike {
  int zeros = 0;
  int repeats = 0;
};

// What a block leaves to be counted: the places of its values, its runs, or the places that are not zero.
struct WaitingPlaces {
  enum class Kind { none, places, runs, nonzero };

  alignas(64) std::int16_t places[kBlock];
  // Of runs or of what is not zero. A vector that is compacted writes beyond what is left of it.
  alignas(64) std::int32_t list[kBlock + kLanes];
  int listed = 0;
  Kind kind = Kind::none;
};

// Finds the runs of a block.
template <bool kLimited>
TENON_SIMD Alike find_runs(const float* src, PlaceLanes<kLimited>& lanes, WaitingPlaces& now) {
  __m512i before = _mm512_set1_epi32(-1);  // no place
  __m512i begin = _mm512_maskz_slli_epi32(
      kAllLanes, _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), kRunShift);
  int n = 0;
  Alike alike;
  for (int e = 0; e < kBlock; e += kLanes) {
    const __m512 x = _mm512_loadu_ps(src + e);
    lanes.seen.add(_mm512_castps_si512(x));
    const __m512i place = _mm512_add_epi32(lanes.places(x), _mm512_set1_epi32(kObserveZero));
    const __mmask16 zero = _mm512_cmpeq_epi32_mask(place, _mm512_set1_epi32(kObserveZero));
    const __m512i shifted = _mm512_maskz_alignr_epi32(kAllLanes, place, before, kLanes - 1);
    const __mmask16 starts = _mm512_cmpneq_epi32_mask(place, shifted);
    before = place;
    _mm512_storeu_si512(now.list + n, _mm512_maskz_compress_epi32(starts, _mm512_or_si512(place, begin)));
    begin = _mm512_add_epi32(begin, _mm512_set1_epi32(kLanes << kRunShift));
    n += std::popcount(static_cast<unsigned>(starts));
    alike.zeros += std::popcount(static_cast<unsigned>(zero));
    alike.repeats += kLanes - std::popcount(static_cast<unsigned>(starts | zero));
  }
  _mm512_storeu_si512(now.list + n, _mm512_set1_epi32(kBlock << kRunShift));
  now.listed = n;
  now.kind = WaitingPlaces::Kind::runs;
  return alike;
}

TENON_SIMD void count_runs(const WaitingPlaces& waiting, std::uint16_t* table) {
  constexpr int kPlace = (1 << kRunShift) - 1;
  constexpr int kTogether = 4;  // what stands behind the last run has no length
  int at = 0;
  for (int i = 0; i < waiting.listed; i += kTogether) {
    unroll<kTogether>([&](auto run) TENON_INLINE_LAMBDA {
      const std::int32_t* const word = waiting.list + i + run.value;
      const int next = word[1] >> kRunShift;
      table[word[0] & kPlace] += static_cast<std::uint16_t>(next - at);
      at = next;
    });
  }
}

// How many places are listed at a time; a list that ends before is filled up with zeros.
constexpr int kListedTogether = 4;

// Lists the places of a block that are not zero, and counts the zeros that are not in the list.
template <bool kLimited>
TENON_SIMD Alike find_nonzero(const float* src, PlaceLanes<kLimited>& lanes, WaitingPlaces& now,
                              std::uint16_t* table) {
  int n = 0;
  int repeats = 0;
  for (int e = 0; e < kBlock; e += kLanes) {
    const __m512 x = _mm512_loadu_ps(src + e);
    lanes.seen.add(_mm512_castps_si512(x));
    const __m512i place = lanes.places(x);
    const __mmask16 counted = _mm512_test_epi32_mask(place, place);
    _mm512_storeu_si512(now.list + n, _mm512_maskz_compress_epi32(counted, place));
    n += std::popcount(static_cast<unsigned>(counted));
    if (e % kSampled == 0) {
      const __m512i turned = _mm512_maskz_alignr_epi32(kAllLanes, place, place, 1);
      const __mmask16 like = _mm512_mask_cmpeq_epi32_mask(counted, place, turned);
      repeats += kSampled / kLanes * std::popcount(static_cast<unsigned>(like));
    }
  }
  _mm512_storeu_si512(now.list + n, _mm512_setzero_si512());
  now.listed = (n + kListedTogether - 1) / kListedTogether * kListedTogether;
  now.kind = WaitingPlaces::Kind::nonzero;
  table[kObserveZero] = static_cast<std::uint16_t>(table[kObserveZero] + kBlock - now.listed);
  return {kBlock - n, repeats};
}

TENON_SIMD void count_nonzero(const WaitingPlaces& waiting, std::uint16_t* zero) {
  for (int i = 0; i < waiting.listed; i += kListedTogether)
    unroll<kListedTogether>([&](auto k) TENON_INLINE_LAMBDA { ++zero[waiting.list[i + k.value]]; });
}

TENON_SIMD void count_places(const std::int16_t* places, std::uint16_t* zero) {
  unroll<2 * kLanes>([&](auto k) TENON_INLINE_LAMBDA { ++zero[places[k.value]]; });
}

TENON_SIMD void count_waiting(const WaitingPlaces& waiting, std::uint16_t* table) {
  using Kind = WaitingPlaces::Kind;
  if (waiting.kind == Kind::runs) return count_runs(waiting, table);
  if (waiting.kind == Kind::nonzero) return count_nonzero(waiting, table + kObserveZero);
  if (waiting.kind == Kind::none) return;
  for (int e = 0; e < kBlock; e += 2 * kLanes) count_places(waiting.places + e, table + kObserveZero);
}

// About how many values are like the one before and not zero, of a pair of vectors: half of the neighbours
// are compared.
TENON_SIMD int repeats_in(__m512i places) {
  const __m512i turned = _mm512_maskz_rol_epi32(kAllLanes, places, 16);
  return std::popcount(_mm512_mask_cmpeq_epi16_mask(_mm512_test_epi16_mask(places, places), places, turned));
}

TENON_SIMD int zeros_in(__m512i places) {
  return std::popcount(_mm512_cmpeq_epi16_mask(places, _mm512_setzero_si512()));
}

// Finds the places of a block and counts those of the block before at the same time: vectors have nothing to
// do with the loads and stores that bound counting. An estimate of what is alike.
template <bool kBefore, bool kLimited>
TENON_SIMD Alike find_places(const float* src, PlaceLanes<kLimited>& lanes, const WaitingPlaces& before,
                             WaitingPlaces& now, std::uint16_t* table) {
  constexpr int kStandsFor = kSampled / (2 * kLanes);
  Alike alike;
  for (int e = 0; e < kBlock; e += 2 * kLanes) {
    const __m512i places = lanes.pair(src + e);
    _mm512_store_si512(now.places + e, places);
    if (e % kSampled == 0) {
      alike.zeros += kStandsFor * zeros_in(places);
      alike.repeats += kStandsFor * repeats_in(places);
    }
    if (kBefore) count_places(before.places + e, table + kObserveZero);
  }
  now.kind = WaitingPlaces::Kind::places;
  return alike;
}

Observation observe_extremes(const float* src, std::ptrdiff_t n) {
  ObservedBits seen;
  std::ptrdiff_t i = 0;
  for (; i + kLanes <= n; i += kLanes) seen.add(_mm512_loadu_si512(src + i));
  if (i < n) {
    const __mmask16 lanes = simd::lane_mask(static_cast<int>(n - i));
    seen.add_lanes(_mm512_maskz_loadu_epi32(lanes, src + i), lanes);
  }
  return seen.result();
}

template <bool kLimited>
Observation observe_places(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) {
  std::uint16_t* const table = args.table;
  PlaceLanes<kLimited> lanes(args.scale);
  WaitingPlaces buffers[2];
  WaitingPlaces* now = &buffers[0];
  WaitingPlaces* before = &buffers[1];
  Alike alike;
  std::ptrdiff_t i = begin;
  for (; i + kBlock <= end; i += kBlock) {
    const float* const src = args.src + i;
    const bool together = before->kind == WaitingPlaces::Kind::places;
    if (alike.zeros <= kMany && alike.repeats <= kMany && together) {
      alike = find_places<true>(src, lanes, *before, *now, table);
    } else {
      alike = alike.repeats > kMany ? find_runs(src, lanes, *now)
              : alike.zeros > kMany ? find_nonzero(src, lanes, *now, table)
                                    : find_places<false>(src, lanes, *before, *now, table);
      count_waiting(*before, table);
    }
    std::swap(now, before);
  }
  for (; i + 2 * kLanes <= end; i += 2 * kLanes) {
    _mm512_store_si512(now->places, lanes.pair(args.src + i));
    count_places(now->places, table + kObserveZero);
  }
  count_waiting(*before, table);
  for (; i < end; i += kLanes) {
    const int n = static_cast<int>(std::min<std::ptrdiff_t>(kLanes, end - i));
    _mm512_store_si512(now->places, lanes.some(args.src + i, n));
    // Fours of the two vectors take turns.
    for (int k = 0; k < n; ++k) ++table[kObserveZero + now->places[k / 4 * 8 + k % 4]];
  }
  return lanes.seen.result();
}

}  // namespace

Observation observe_f32_avx512(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;

Observation observe_f32_avx512(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  if (args.table == nullptr) return observe_extremes(args.src + begin, end - begin);
  const bool limited = args.scale.limit < std::numeric_limits<float>::infinity();
  return limited ? observe_places<true>(args, begin, end) : observe_places<false>(args, begin, end);
}

}  // namespace tenon::cpu
