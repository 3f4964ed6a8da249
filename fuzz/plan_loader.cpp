// Plan files from strangers: loading, preparing and running one must end in an answer or an error, never
// outside of memory.
//
// Checksums would turn every mutation away at the door, so the mutator starts from real plans, mutates the
// tables as they are before they are deflated, and seals the file again; what is left to defend it is the
// checking of ids, sizes and parameters.
#include "base/deflate.hpp"
#include "base/hash.hpp"
#include "plan/plan_file.hpp"

#include <tenon/builder.hpp>
#include <tenon/engine.hpp>
#include <tenon/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

// Fields of the header, and where they are.
constexpr std::size_t kHeader = 64;
constexpr std::size_t kTablesPlainAt = 12, kTablesBytesAt = 16, kPortableBytesAt = 24, kSmallBytesAt = 32,
                      kFileBytesAt = 40, kTablesHashAt = 48, kHeaderHashAt = 56;
constexpr std::int64_t kMostElements = 1 << 20;

const char* const kNetworks[] = {
    R"(graph @conv(%x: f32[N,3,8,8]) symbols(N in [1,2]) {
      %w = constant {value=f32[20,3,3,3] splat(0.5)} : f32[20,3,3,3]
      %y = conv(%x, %w) {pad=[1,1,1,1]} : f32[N,20,8,8]
      %p = max_pool(%y) {kernel=[2,2], stride=[2,2]} : f32[N,20,4,4]
      %r = relu(%p) : f32[N,20,4,4]
      return %r as "y"
    })",
    R"(graph @gemm(%x: f32[4,10]) {
      %w = constant {value=f32[10,7] splat(0.25)} : f32[10,7]
      %y = matmul(%x, %w) : f32[4,7]
      %s = softmax(%y) {axis=1} : f32[4,7]
      return %s as "y"
    })",
    R"(graph @bytes(%x: u8[N,3,6,6]) symbols(N in [1,2]) {
      %w = constant {value=i8[20,3,3,3] splat(5)} : i8[20,3,3,3]
      %m = constant {value=f32[20] splat(0.01)} : f32[20]
      %b = constant {value=i32[20] splat(100)} : i32[20]
      %y = quantized_conv(%x, %w, %m, %b) {x_zero=3, output_dtype=u8} : u8[N,20,4,4]
      %d = constant {value=i8[20,1,3,3] splat(7)} : i8[20,1,3,3]
      %z = quantized_conv(%y, %d, %m) {group=20, output_dtype=u8} : u8[N,20,2,2]
      %v = constant {value=i8[2,7] splat(-3)} : i8[2,7]
      %s = constant {value=f32[] splat(0.02)} : f32[]
      %p = quantized_matmul(%z, %v, %s) {output_dtype=f32} : f32[N,20,2,7]
      return %p as "p"
    })",
    R"(graph @control(%x: f32[N,4], %c: bool[]) symbols(N in [1,2]) {
      %three = constant {value=i64[] [3]} : i64[]
      %y, %z = loop(%three, _, %x, %x) : f32[N,4], f32[?,4]
        region(%i: i64[], %go: bool[], %v: f32[N,4], %g: f32[?,4]) {
          %w = if(%c) : f32[N,4]
            region {
              %e = exp(%v) : f32[N,4]
              return %e
            }
            region {
              return %v
            }
          %k = concat(%g, %w) {axis=0} : f32[?,4]
          return %go, %w, %k
        }
      %zero = constant {value=f32[4] splat(0)} : f32[4]
      %s, %t = scan(%zero, %y) : f32[4], f32[N,4]
        region(%h: f32[4], %r: f32[4]) {
          %a = add(%h, %r) : f32[4]
          return %a, %a
        }
      return %z as "z", %t as "t"
    })",
};

template <class T = std::uint64_t>
T read(const std::vector<std::byte>& bytes, std::size_t at) {
  T value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

template <class T>
void write(std::vector<std::byte>& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof(value));
}

std::size_t round_up(std::size_t value) { return (value + 63) / 64 * 64; }

const std::vector<std::vector<std::byte>>& seeds() {
  static const std::vector<std::vector<std::byte>> plans = [] {
    std::vector<std::vector<std::byte>> made;
    for (const char* text : kNetworks) {
      for (const bool optimize : {false, true}) {
        tenon::BuildOptions options;
        options.threads = 1;
        options.measure = false;
        options.optimize = optimize;
        options.portable = false;
        const tenon::Network network = tenon::Network::from_text(text);
        for (const tenon::TensorInfo& input : network.inputs()) {
          tenon::Shape min, max;
          for (std::size_t i = 0; i < input.dims.size(); ++i) {
            const bool symbolic = input.max[i] < 0;
            min.push_back(symbolic ? 1 : input.max[i]);
            max.push_back(symbolic ? 2 : input.max[i]);
          }
          options.shapes[input.name] = {min, max, max};
        }
        made.push_back(tenon::build(network, options).serialize());
      }
    }
    return made;
  }();
  return plans;
}

// The tables as they are before they are deflated.
std::vector<std::byte> tables_of(const std::vector<std::byte>& plan) {
  const std::vector<std::byte> stored(plan.begin() + kHeader,
                                      plan.begin() + kHeader + read<std::ptrdiff_t>(plan, kTablesBytesAt));
  const auto plain = read<std::uint32_t>(plan, kTablesPlainAt);
  return plain == stored.size() ? stored : tenon::inflate(stored, plain);
}

// The plan with other tables, not deflated, right checksums, and what follows them as it is.
std::vector<std::byte> with_tables(const std::vector<std::byte>& plan, const std::vector<std::byte>& tables) {
  const auto at = [&](std::size_t field) { return read(plan, field); };
  const std::size_t middle = kHeader + at(kTablesBytesAt);
  const std::size_t end = middle + at(kPortableBytesAt) + at(kSmallBytesAt);
  std::vector<std::byte> out(plan.begin(), plan.begin() + kHeader);
  const auto append = [&](std::size_t first, std::size_t last) {
    const auto from = plan.begin();
    out.insert(out.end(), from + static_cast<std::ptrdiff_t>(first),
               from + static_cast<std::ptrdiff_t>(last));
  };
  out.insert(out.end(), tables.begin(), tables.end());
  append(middle, end);
  if (round_up(end) < plan.size()) {
    out.resize(round_up(out.size()));
    append(round_up(end), plan.size());
  }
  write(out, kTablesPlainAt, static_cast<std::uint32_t>(tables.size()));
  write(out, kTablesBytesAt, std::uint64_t{tables.size()});
  write(out, kFileBytesAt, std::uint64_t{out.size()});
  write(out, kTablesHashAt, tenon::hash64(tables.data(), tables.size()));
  write(out, kHeaderHashAt, tenon::hash64(out.data(), kHeaderHashAt));
  return out;
}

// Whether the sections of such a header are there.
bool has_sections(const std::vector<std::byte>& plan) {
  if (plan.size() < kHeader || !tenon::looks_like_plan(plan)) return false;
  std::size_t left = plan.size() - kHeader;
  for (const std::size_t field : {kTablesBytesAt, kPortableBytesAt, kSmallBytesAt}) {
    const std::uint64_t size = read(plan, field);
    if (size > left) return false;
    left -= size;
  }
  return read<std::uint32_t>(plan, kTablesPlainAt) == read(plan, kTablesBytesAt);
}

// Neither large nor, as far as one can tell, without an end: a loop need not have one.
bool small(const tenon::StepList& list) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;
  if (list.arena_bytes > kMostBytes) return false;
  for (const tenon::Buffer& buffer : list.buffers) {
    if (buffer.bytes > kMostBytes) return false;
  }
  for (const tenon::PlanStep& step : list.steps) {
    if (step.kind == "loop") {
      if (step.inputs.empty() || !step.inputs[0].valid()) return false;
      if (list.buffer(step.inputs[0]).storage != tenon::Buffer::Storage::constant) return false;
    }
    for (const tenon::StepList& body : step.bodies) {
      if (!small(body)) return false;
    }
  }
  return true;
}

bool small(const tenon::Engine& engine) {
  const auto& profiles = engine.plan().profiles;
  return std::all_of(profiles.begin(), profiles.end(),
                     [](const tenon::PlanProfile& profile) { return small(profile); });
}

void run(const tenon::Engine& engine) {
  tenon::Context context = engine.create_context();
  for (const tenon::TensorInfo& input : engine.inputs()) {
    if (input.opt.empty() && !input.dims.empty()) return;
    if (tenon::element_count(input.opt) > kMostElements || input.dtype == tenon::DataType::string) return;
    context.set_input(input.name, tenon::Tensor(input.dtype, input.opt));
  }
  context.run();
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  std::vector<std::byte> plan(size);
  std::memcpy(plan.data(), data, size);
  if (!has_sections(plan)) plan = seeds()[seed % seeds().size()];
  std::vector<std::byte> tables = tables_of(plan);
  const std::size_t tables_size = tables.size();
  tables.resize(tables_size + 64);
  tables.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(tables.data()), tables_size, tables.size()));
  const std::vector<std::byte> mutated = with_tables(plan, tables);
  if (mutated.size() > max_size) return size;
  std::memcpy(data, mutated.data(), mutated.size());
  return mutated.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const tenon::Engine engine = tenon::Engine::deserialize({reinterpret_cast<const std::byte*>(data), size},
                                                            tenon::LoadOptions{1, nullptr});
    if (small(engine)) run(engine);
  } catch (const tenon::InternalError&) {
    throw;  // ours: a finding
  } catch (const tenon::Error&) {
  }
  return 0;
}
