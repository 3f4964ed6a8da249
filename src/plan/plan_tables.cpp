#include "plan/plan_tables.hpp"

#include "base/check.hpp"
#include "plan/bytes.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

namespace tenon {
namespace {

constexpr int kMostBodies = 64;        // around a step; graphs do not nest deeper either
constexpr std::size_t kLeastList = 8;  // bytes of an empty one

void put_shape(ByteWriter& w, const Shape& shape) {
  w.list(shape, [&](std::int64_t dim) { w.put(dim); });
}

Shape get_shape(ByteReader& r) {
  return r.list<std::int64_t>(1, [&] { return r.get<std::int64_t>(); });
}

enum class AttributeTag : std::uint8_t {
  boolean,
  integer,
  real,
  text,
  integers,
  reals,
  texts,
  dtype,
  type,
  program
};

void put_attribute(ByteWriter& w, const Attribute& attribute) {
  w.put(attribute.name);
  const auto tag = [&](AttributeTag t) { w.put(t); };
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, bool>) {
          tag(AttributeTag::boolean);
          w.put(static_cast<std::uint8_t>(value));
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          tag(AttributeTag::integer);
          w.put(value);
        } else if constexpr (std::is_same_v<T, float>) {
          tag(AttributeTag::real);
          w.put(value);
        } else if constexpr (std::is_same_v<T, std::string>) {
          tag(AttributeTag::text);
          w.put(value);
        } else if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) {
          tag(AttributeTag::integers);
          w.list(value, [&](std::int64_t v) { w.put(v); });
        } else if constexpr (std::is_same_v<T, std::vector<float>>) {
          tag(AttributeTag::reals);
          w.list(value, [&](float v) { w.put(v); });
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          tag(AttributeTag::texts);
          w.list(value, [&](const std::string& v) { w.put(v); });
        } else if constexpr (std::is_same_v<T, DataType>) {
          tag(AttributeTag::dtype);
          w.put(value);
        } else if constexpr (std::is_same_v<T, Type>) {
          tag(AttributeTag::type);
          w.put(value.to_string());
        } else if constexpr (std::is_same_v<T, PointwiseProgram>) {
          tag(AttributeTag::program);
          w.put(value.empty() ? std::string() : value.to_string());
        } else {
          static_assert(std::is_same_v<T, Tensor>);
          throw InternalError(
              fmt::format("step parameter '{}' is a tensor: tensors travel as weights", attribute.name));
        }
      },
      attribute.value);
}

Attribute get_attribute(ByteReader& r) {
  Attribute attribute{r.text(), false};
  switch (r.get_enum<AttributeTag>(static_cast<int>(AttributeTag::program) + 1)) {
    case AttributeTag::boolean: attribute.value = r.get<std::uint8_t>() != 0; break;
    case AttributeTag::integer: attribute.value = r.get<std::int64_t>(); break;
    case AttributeTag::real: attribute.value = r.get<float>(); break;
    case AttributeTag::text: attribute.value = r.text(); break;
    case AttributeTag::integers: attribute.value = get_shape(r); break;
    case AttributeTag::reals: attribute.value = r.list<float>(4, [&] { return r.get<float>(); }); break;
    case AttributeTag::texts: attribute.value = r.list<std::string>(1, [&] { return r.text(); }); break;
    case AttributeTag::dtype: attribute.value = r.get_enum<DataType>(kDataTypeCount); break;
    case AttributeTag::type: attribute.value = Type::parse(r.text()); break;
    case AttributeTag::program: {
      const std::string text = r.text();
      attribute.value = text.empty() ? PointwiseProgram{} : PointwiseProgram::parse(text);
      break;
    }
  }
  return attribute;
}

// The one of what is absent, which is all ones, as 0.
void put_id(ByteWriter& w, BufferId id) { w.put(id.value + 1); }

BufferId get_id(ByteReader& r) { return BufferId(r.get<std::uint32_t>() - 1); }

void put_buffer(ByteWriter& w, const Buffer& buffer) {
  w.put(buffer.name);
  w.put(buffer.type.to_string());
  w.put(buffer.storage);
  w.put(buffer.space.kind);
  w.put(static_cast<std::int32_t>(buffer.space.device));
  w.put(buffer.offset);
  w.put(buffer.bytes);
  w.put(buffer.index);
  put_id(w, buffer.alias_of);
  w.put(static_cast<std::uint8_t>(buffer.part));
}

Buffer get_buffer(ByteReader& r) {
  Buffer buffer;
  buffer.name = r.text();
  buffer.type = Type::parse(r.text());
  buffer.storage = r.get_enum<Buffer::Storage>(static_cast<int>(Buffer::Storage::dynamic) + 1);
  buffer.space.kind = r.get_enum<MemorySpace::Kind>(static_cast<int>(MemorySpace::Kind::device) + 1);
  buffer.space.device = r.get<std::int32_t>();
  buffer.offset = r.get<std::uint64_t>();
  buffer.bytes = r.get<std::uint64_t>();
  buffer.index = r.get<std::uint32_t>();
  buffer.alias_of = get_id(r);
  buffer.part = r.get<std::uint8_t>() != 0;
  return buffer;
}

void put_ids(ByteWriter& w, const std::vector<BufferId>& ids) {
  w.list(ids, [&](BufferId id) { put_id(w, id); });
}

std::vector<BufferId> get_ids(ByteReader& r) {
  return r.list<BufferId>(1, [&] { return get_id(r); });
}

void put_list(ByteWriter& w, const StepList& list);

void put_step(ByteWriter& w, const PlanStep& step) {
  w.put(step.kind);
  w.list(step.params, [&](const Attribute& a) { put_attribute(w, a); });
  put_ids(w, step.inputs);
  put_ids(w, step.outputs);
  w.list(step.weights, [&](std::uint32_t blob) { w.put(blob); });
  w.put(step.scratch_offset);
  w.put(step.scratch_bytes);
  w.put(static_cast<std::uint8_t>(step.serial));
  w.list(step.bodies, [&](const StepList& body) { put_list(w, body); });
  w.put(step.label);
  w.put(step.op);
  w.put(step.tactic);
  w.put(step.problem);
  w.put(step.note);
  w.put(step.expected_ns);
}

StepList get_list(ByteReader& r, int depth);

// `depth`: how many bodies are around the step.
PlanStep get_step(ByteReader& r, int depth) {
  PlanStep step;
  step.kind = r.text();
  step.params = r.list<Attribute>(3, [&] { return get_attribute(r); });
  step.inputs = get_ids(r);
  step.outputs = get_ids(r);
  step.weights = r.list<std::uint32_t>(1, [&] { return r.get<std::uint32_t>(); });
  step.scratch_offset = r.get<std::uint64_t>();
  step.scratch_bytes = r.get<std::uint64_t>();
  step.serial = r.get<std::uint8_t>() != 0;
  step.bodies = r.list<StepList>(kLeastList, [&] { return get_list(r, depth + 1); });
  step.label = r.text();
  step.op = r.text();
  step.tactic = r.text();
  step.problem = r.text();
  step.note = r.text();
  step.expected_ns = r.get<double>();
  return step;
}

void put_blob(ByteWriter& w, const BlobEntry& blob) {
  w.put(blob.dtype);
  put_shape(w, blob.shape);
  w.put(blob.offset);
  if (!blob.is_small()) w.put_hash(blob.hash);
}

BlobEntry get_blob(ByteReader& r) {
  BlobEntry blob;
  blob.dtype = r.get_enum<DataType>(kDataTypeCount);
  TENON_REQUIRE(blob.dtype != DataType::string, "plan file: a blob of strings");
  blob.shape = get_shape(r);
  blob.offset = r.get<std::uint64_t>();
  if (!blob.is_small()) blob.hash = r.get_hash();
  return blob;
}

void put_dims(ByteWriter& w, const Dims& dims) {
  w.list(dims, [&](const Dim& dim) { w.put(dim.to_string()); });
}

Dims get_dims(ByteReader& r) {
  return r.list<Dim>(1, [&] { return Dim::parse(r.text()); });
}

void put_plan_tensor(ByteWriter& w, const PlanTensor& tensor) {
  w.put(tensor.name);
  put_id(w, tensor.buffer);
  put_dims(w, tensor.dim_names);
  w.put(static_cast<std::uint8_t>(tensor.values.has_value()));
  if (tensor.values) put_dims(w, *tensor.values);
}

PlanTensor get_plan_tensor(ByteReader& r) {
  PlanTensor tensor;
  tensor.name = r.text();
  tensor.buffer = get_id(r);
  tensor.dim_names = get_dims(r);
  if (r.get<std::uint8_t>() != 0) tensor.values = get_dims(r);
  return tensor;
}

void put_symbol(ByteWriter& w, const PlanSymbol& symbol) {
  w.put(symbol.name);
  w.put(symbol.min);
  w.put(symbol.opt);
  w.put(symbol.max);
}

PlanSymbol get_symbol(ByteReader& r) {
  PlanSymbol symbol;
  symbol.name = r.text();
  symbol.min = r.get<std::int64_t>();
  symbol.opt = r.get<std::int64_t>();
  symbol.max = r.get<std::int64_t>();
  return symbol;
}

void put_list(ByteWriter& w, const StepList& list) {
  w.list(list.symbols, [&](const PlanSymbol& s) { put_symbol(w, s); });
  w.list(list.inputs, [&](const PlanTensor& t) { put_plan_tensor(w, t); });
  w.list(list.outputs, [&](const PlanTensor& t) { put_plan_tensor(w, t); });
  w.list(list.buffers, [&](const Buffer& b) { put_buffer(w, b); });
  w.list(list.steps, [&](const PlanStep& s) { put_step(w, s); });
  w.put(static_cast<std::uint8_t>(list.placed));
  w.put(list.arena_bytes);
  w.put(list.arena_floor);
}

StepList get_list(ByteReader& r, int depth) {
  TENON_REQUIRE(depth <= kMostBodies, "plan file: more than {} levels of nested steps", kMostBodies);
  StepList list;
  list.symbols = r.list<PlanSymbol>(4, [&] { return get_symbol(r); });
  list.inputs = r.list<PlanTensor>(4, [&] { return get_plan_tensor(r); });
  list.outputs = r.list<PlanTensor>(4, [&] { return get_plan_tensor(r); });
  list.buffers = r.list<Buffer>(10, [&] { return get_buffer(r); });
  list.steps = r.list<PlanStep>(22, [&] { return get_step(r, depth); });
  list.placed = r.get<std::uint8_t>() != 0;
  list.arena_bytes = r.get<std::uint64_t>();
  list.arena_floor = r.get<std::uint64_t>();
  return list;
}

void put_layer_cost(ByteWriter& w, const LayerCost& layer) {
  w.put(layer.layer);
  w.put(layer.precision);
  for (const double ns : {layer.float_ns, layer.integer_ns, layer.quantize_ns, layer.dequantize_ns})
    w.put(ns);
  w.put(static_cast<std::uint8_t>(layer.measured));
  w.put(static_cast<std::uint8_t>(layer.ordered));
}

LayerCost get_layer_cost(ByteReader& r) {
  LayerCost layer;
  layer.layer = r.text();
  layer.precision = r.get_enum<DataType>(kDataTypeCount);
  for (double* ns : {&layer.float_ns, &layer.integer_ns, &layer.quantize_ns, &layer.dequantize_ns})
    *ns = r.get<double>();
  layer.measured = r.get<std::uint8_t>() != 0;
  layer.ordered = r.get<std::uint8_t>() != 0;
  return layer;
}

void put_trial(ByteWriter& w, const PrecisionTrial& trial) {
  w.put(trial.name);
  w.put(trial.expected_ns);
  w.put(trial.timed_ns);
  w.put(static_cast<std::uint8_t>(trial.chosen));
}

PrecisionTrial get_trial(ByteReader& r) {
  PrecisionTrial trial;
  trial.name = r.text();
  trial.expected_ns = r.get<double>();
  trial.timed_ns = r.get<double>();
  trial.chosen = r.get<std::uint8_t>() != 0;
  return trial;
}

void put_profile(ByteWriter& w, const PlanProfile& profile) {
  put_list(w, profile);
  w.list(profile.precision.layers, [&](const LayerCost& layer) { put_layer_cost(w, layer); });
  w.list(profile.precision.trials, [&](const PrecisionTrial& trial) { put_trial(w, trial); });
  w.put(static_cast<std::uint64_t>(profile.portable_ir.size()));
}

PlanProfile get_profile(ByteReader& r, std::vector<std::uint64_t>& portable_sizes) {
  PlanProfile profile;
  static_cast<StepList&>(profile) = get_list(r, 0);
  profile.precision.layers = r.list<LayerCost>(36, [&] { return get_layer_cost(r); });
  profile.precision.trials = r.list<PrecisionTrial>(18, [&] { return get_trial(r); });
  portable_sizes.push_back(r.get<std::uint64_t>());
  return profile;
}

}  // namespace

std::uint64_t BlobEntry::bytes() const {
  constexpr std::int64_t kMost = std::int64_t{1} << 48;
  const std::int64_t elements = element_count(shape);
  TENON_REQUIRE(elements <= kMost, "plan file: a blob of {} elements", elements);
  return storage_bytes(dtype, static_cast<std::size_t>(elements));
}

std::vector<std::byte> write_tables(const Tables& tables) {
  ByteWriter w;
  const Plan& plan = tables.plan;
  w.put(plan.network);
  w.put(plan.producer);
  w.put(plan.isa);
  w.put(plan.threads);
  w.list(plan.profiles, [&](const PlanProfile& p) { put_profile(w, p); });
  w.list(tables.blobs, [&](const BlobEntry& b) { put_blob(w, b); });
  w.list(tables.portable_blobs, [&](const BlobEntry& b) { put_blob(w, b); });
  w.list(plan.portable_hashes, [&](const std::string& name) { w.put(name); });
  w.put_hash(tables.portable_hash);
  w.put_hash(tables.small_hash);
  return w.bytes();
}

Tables read_tables(std::span<const std::byte> bytes) {
  ByteReader r(bytes);
  Tables tables;
  Plan& plan = tables.plan;
  plan.network = r.text();
  plan.producer = r.text();
  plan.isa = r.text();
  plan.threads = r.get<std::uint32_t>();
  plan.profiles = r.list<PlanProfile>(11, [&] { return get_profile(r, tables.portable_sizes); });
  tables.blobs = r.list<BlobEntry>(3, [&] { return get_blob(r); });
  tables.portable_blobs = r.list<BlobEntry>(3, [&] { return get_blob(r); });
  plan.portable_hashes = r.list<std::string>(1, [&] { return r.text(); });
  tables.portable_hash = r.get_hash();
  tables.small_hash = r.get_hash();
  TENON_REQUIRE(r.done(), "plan file: bytes are left over behind the tables");
  return tables;
}

}  // namespace tenon
