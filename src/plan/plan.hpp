// Plan: the immutable result of a build: buffers, a tree of lists of steps, packed weights, and what a reader
// wants to know of how it came about. A plan knows nothing of the graph it was made from (a portable copy may
// travel along as text).
#pragma once

#include "base/ids.hpp"
#include "ir/attribute.hpp"
#include "ir/type.hpp"

#include <tenon/precision_costs.hpp>
#include <tenon/tensor.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tenon {

using BufferId = Id<struct BufferTag>;

// Memory that steps read and write. Strides do not occur: a buffer is dense in its type's layout.
struct Buffer {
  enum class Storage : std::uint8_t {
    arena,     // at `offset` of its space's arena
    input,     // bound by the caller; `index` is the input's position
    output,    // bound by the caller or owned by the context; `index` is the output's position
    constant,  // blob `index`
    alias,     // memory of buffer `alias_of` from its byte `offset` on, read with this buffer's type
    dynamic,   // shape known only while running (or not a tensor): allocated from the context's pool
  };
  std::string name;
  Type type;  // dims are expressions over the profile's symbols
  Storage storage = Storage::arena;
  MemorySpace space;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;  // at the profile's max; 0 for dynamic
  std::uint32_t index = 0;
  BufferId alias_of;
  bool part = false;  // an alias that is a region of a larger whole; others are all of it under another shape
};

struct StepList;

struct PlanStep {
  std::string kind;              // names a factory in the StepRegistry, e.g. "cpu.conv_direct"
  AttributeList params;          // for the factory
  std::vector<BufferId> inputs;  // invalid id: absent
  std::vector<BufferId> outputs;
  std::vector<std::uint32_t> weights;  // blobs, in the order that the factory expects
  std::uint64_t scratch_offset = 0;    // in the host arena
  std::uint64_t scratch_bytes = 0;     // at the profile's max
  bool serial = false;                 // too little work to wake another thread for
  std::vector<StepList> bodies;        // what a control step (If, Loop, Scan) runs; else empty
  // For people: profile, explain.
  std::string label;    // source node(s)
  std::string op;       // operator with its fields
  std::string tactic;   // tactic and configuration, e.g. "conv_direct{oc=4,ow=6}"
  std::string problem;  // key
  std::string note;     // why: refused tactics and conversion costs, one sentence a line
  double expected_ns = 0;
};

// A symbol of the dims, and the numbers it may stand for.
struct PlanSymbol {
  std::string name;
  std::int64_t min = 1, opt = 1, max = 1;
};

// A network input or output; an output's buffer may be an alias of one of storage `output`.
struct PlanTensor {
  std::string name;
  BufferId buffer;
  // Inputs only: the dims as the model names them, for messages (the profile may have made numbers of them),
  // and the elements of an input whose values become dims, over the profile's symbols.
  Dims dim_names = {};
  std::optional<Dims> values = {};
};

// Steps in order, and the buffers that they work on: a network, or the body of a control step. The inputs of
// a body are the region's parameters, then the values that it captures; its outputs are the region's results.
// Its arena lies in the scratch memory of the step that owns it.
//
// The dims of a body are expressions over the symbols of the lists around it and over its own `symbols`,
// which stand for dims of its inputs that are known only while running and have no bound. So the buffers of a
// body with symbols of its own, of bodies inside of it, and of bodies that cannot run at the largest shapes
// are placed when their sizes are known: `placed` is false, and offsets and sizes in them mean nothing.
struct StepList {
  std::vector<PlanSymbol> symbols;
  std::vector<PlanTensor> inputs;
  std::vector<PlanTensor> outputs;
  std::vector<Buffer> buffers;
  std::vector<PlanStep> steps;
  bool placed = true;
  std::uint64_t arena_bytes = 0;  // host arena, scratch included
  std::uint64_t arena_floor = 0;  // maximum over steps of live tensors + that step's scratch

  const Buffer& buffer(BufferId id) const { return buffers.at(id.value); }
};

// The network for one optimization profile: what runs at the shapes that it allows. Inputs and outputs are of
// the same names and dtypes in every profile.
struct PlanProfile : StepList {
  std::string portable_ir;   // text of the graph after its passes; empty when stripped
  PrecisionCosts precision;  // for people: what decided which layers run on integers
};

struct Plan {
  std::string network;   // name of the graph
  std::string producer;  // "tenon 0.1.0"
  std::string isa;       // level that the steps need, e.g. "avx512"
  std::uint32_t threads = 1;
  std::vector<PlanProfile> profiles;         // at least one
  std::vector<Tensor> blobs;                 // constants and packed weights of all profiles
  std::vector<Tensor> portable_blobs;        // big constants of the portable IR of all profiles
  std::vector<std::string> portable_hashes;  // names of portable_blobs in the text
};

// Adds the profiles of `other`, a plan of the same network for the same machine. Blobs of equal content
// become one.
void add_profiles(Plan& plan, Plan other);

// The buffer whose memory `id` uses: itself unless it is an alias.
BufferId root_buffer(const StepList& list, BufferId id);

// Where the parts of a list lie in its arena.
struct Placement {
  std::vector<std::uint64_t> buffers;  // offsets; 0 for what lies elsewhere
  std::vector<std::uint64_t> scratch;  // of the steps
  std::uint64_t arena_bytes = 0;
  std::uint64_t arena_floor = 0;
};

// Finds the lifetimes of the arena buffers and places them and the steps' scratch memory, all of the sizes
// given, one per buffer and per step.
Placement place_list(const StepList& list, const std::vector<std::uint64_t>& buffer_bytes,
                     const std::vector<std::uint64_t>& scratch_bytes);

// Human-readable dump: buffers with offsets, steps with tactics. Dump only.
std::string to_text(const Plan& plan);

}  // namespace tenon
