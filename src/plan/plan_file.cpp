#include "plan/plan_file.hpp"

#include "base/check.hpp"
#include "base/context.hpp"
#include "base/hash.hpp"
#include "base/mapped_file.hpp"
#include "plan/bytes.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ostream>
#include <unordered_map>

namespace tenon {
namespace {

constexpr std::array<char, 8> kMagic = {'T', 'E', 'N', 'O', 'N', 'P', 'L', 'N'};
constexpr std::size_t kPage = 4096;
constexpr std::size_t kBlobAlignment = 64;
constexpr int kMostBodies = 64;         // around a step; graphs do not nest deeper either
constexpr std::size_t kLeastList = 37;  // bytes of an empty one

struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t format = kPlanFormat;
  std::uint32_t reserved = 0;
  std::uint64_t tables_bytes = 0;    // right behind the header
  std::uint64_t portable_bytes = 0;  // right behind the tables
  std::uint64_t blobs_offset = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t tables_hash = 0;
  std::uint64_t header_hash = 0;  // of all bytes before this field

  std::uint64_t compute_hash() const noexcept { return hash64(this, offsetof(Header, header_hash)); }
};
static_assert(sizeof(Header) == 64);

std::size_t round_up(std::size_t value, std::size_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

struct BlobEntry {
  DataType dtype = DataType::u8;
  Shape shape;
  std::uint64_t offset = 0;  // from the start of the blob section
  std::uint64_t bytes = 0;
  std::uint64_t hash = 0;
};

// Places blobs one after the other; blobs of equal content share one place.
class BlobLayout {
 public:
  BlobEntry add(const Tensor& tensor) {
    TENON_REQUIRE(tensor.dtype() != DataType::string, "a plan cannot hold string constants");
    BlobEntry entry{tensor.dtype(), tensor.shape(), 0, tensor.size_bytes(),
                    hash64(tensor.data(), tensor.size_bytes())};
    for (auto [first, last] = placed_.equal_range(entry.hash); first != last; ++first) {
      const auto& [offset, other] = first->second;
      if (other.size_bytes() == entry.bytes &&
          (entry.bytes == 0 || std::memcmp(other.data(), tensor.data(), entry.bytes) == 0)) {
        entry.offset = offset;
        return entry;
      }
    }
    entry.offset = end_;
    placed_.emplace(entry.hash, std::pair(end_, tensor));
    end_ = round_up(end_ + entry.bytes, kBlobAlignment);
    return entry;
  }
  std::size_t bytes() const noexcept { return end_; }
  void copy_to(std::byte* section) const {
    for (const auto& [hash, item] : placed_) {
      if (item.second.size_bytes() != 0)
        std::memcpy(section + item.first, item.second.data(), item.second.size_bytes());
    }
  }

 private:
  std::size_t end_ = 0;
  std::unordered_multimap<std::uint64_t, std::pair<std::size_t, Tensor>> placed_;
};

void put_shape(ByteWriter& w, const Shape& shape) {
  w.list(shape, [&](std::int64_t dim) { w.put(dim); });
}

Shape get_shape(ByteReader& r) {
  return r.list<std::int64_t>(8, [&] { return r.get<std::int64_t>(); });
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
    case AttributeTag::texts: attribute.value = r.list<std::string>(4, [&] { return r.text(); }); break;
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

void put_buffer(ByteWriter& w, const Buffer& buffer) {
  w.put(buffer.name);
  w.put(buffer.type.to_string());
  w.put(buffer.storage);
  w.put(buffer.space.kind);
  w.put(static_cast<std::int32_t>(buffer.space.device));
  w.put(buffer.offset);
  w.put(buffer.bytes);
  w.put(buffer.index);
  w.put(buffer.alias_of.value);
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
  buffer.alias_of = BufferId(r.get<std::uint32_t>());
  buffer.part = r.get<std::uint8_t>() != 0;
  return buffer;
}

void put_ids(ByteWriter& w, const std::vector<BufferId>& ids) {
  w.list(ids, [&](BufferId id) { w.put(id.value); });
}

std::vector<BufferId> get_ids(ByteReader& r) {
  return r.list<BufferId>(4, [&] { return BufferId(r.get<std::uint32_t>()); });
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
  step.params = r.list<Attribute>(5, [&] { return get_attribute(r); });
  step.inputs = get_ids(r);
  step.outputs = get_ids(r);
  step.weights = r.list<std::uint32_t>(4, [&] { return r.get<std::uint32_t>(); });
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
  w.put(blob.bytes);
  w.put(blob.hash);
}

BlobEntry get_blob(ByteReader& r) {
  BlobEntry blob;
  blob.dtype = r.get_enum<DataType>(kDataTypeCount);
  blob.shape = get_shape(r);
  blob.offset = r.get<std::uint64_t>();
  blob.bytes = r.get<std::uint64_t>();
  blob.hash = r.get<std::uint64_t>();
  return blob;
}

void put_dims(ByteWriter& w, const Dims& dims) {
  w.list(dims, [&](const Dim& dim) { w.put(dim.to_string()); });
}

Dims get_dims(ByteReader& r) {
  return r.list<Dim>(4, [&] { return Dim::parse(r.text()); });
}

void put_plan_tensor(ByteWriter& w, const PlanTensor& tensor) {
  w.put(tensor.name);
  w.put(tensor.buffer.value);
  put_dims(w, tensor.dim_names);
  w.put(static_cast<std::uint8_t>(tensor.values.has_value()));
  if (tensor.values) put_dims(w, *tensor.values);
}

PlanTensor get_plan_tensor(ByteReader& r) {
  PlanTensor tensor;
  tensor.name = r.text();
  tensor.buffer = BufferId(r.get<std::uint32_t>());
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
  list.symbols = r.list<PlanSymbol>(28, [&] { return get_symbol(r); });
  list.inputs = r.list<PlanTensor>(13, [&] { return get_plan_tensor(r); });
  list.outputs = r.list<PlanTensor>(13, [&] { return get_plan_tensor(r); });
  list.buffers = r.list<Buffer>(39, [&] { return get_buffer(r); });
  list.steps = r.list<PlanStep>(68, [&] { return get_step(r, depth); });
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

struct Tables {
  Plan plan;                                  // without blobs and portable text
  std::vector<std::uint64_t> portable_sizes;  // of each profile's text; they follow one another
  std::vector<BlobEntry> blobs, portable_blobs;
  std::uint64_t portable_hash = 0;
};

PlanProfile get_profile(ByteReader& r, std::vector<std::uint64_t>& portable_sizes) {
  PlanProfile profile;
  static_cast<StepList&>(profile) = get_list(r, 0);
  profile.precision.layers = r.list<LayerCost>(39, [&] { return get_layer_cost(r); });
  profile.precision.trials = r.list<PrecisionTrial>(21, [&] { return get_trial(r); });
  portable_sizes.push_back(r.get<std::uint64_t>());
  return profile;
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
  w.put(tables.portable_hash);
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
  plan.profiles = r.list<PlanProfile>(53, [&] { return get_profile(r, tables.portable_sizes); });
  tables.blobs = r.list<BlobEntry>(29, [&] { return get_blob(r); });
  tables.portable_blobs = r.list<BlobEntry>(29, [&] { return get_blob(r); });
  plan.portable_hashes = r.list<std::string>(4, [&] { return r.text(); });
  tables.portable_hash = r.get<std::uint64_t>();
  TENON_REQUIRE(r.done(), "plan file: bytes are left over behind the tables");
  return tables;
}

// The file's parts, checked against its size.
struct Parts {
  Tables tables;
  std::string_view portable;
  std::span<const std::byte> blobs;
};

Parts read_parts(std::span<const std::byte> bytes) {
  TENON_REQUIRE(looks_like_plan(bytes), "not a plan file: it does not begin with the magic \"TENONPLN\"");
  TENON_REQUIRE(bytes.size() >= sizeof(Header), "plan file: {} bytes are too few for a header", bytes.size());
  Header header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  TENON_REQUIRE(header.format == kPlanFormat,
                "plan file has format {}, this version reads format {}: build it again", header.format,
                kPlanFormat);
  TENON_REQUIRE(header.header_hash == header.compute_hash(), "plan file: the header is damaged");
  TENON_REQUIRE(header.file_bytes == bytes.size(),
                "plan file: {} bytes expected, found {} (cut off or appended to)", header.file_bytes,
                bytes.size());
  const std::size_t body = bytes.size() - sizeof(Header);
  TENON_REQUIRE(header.tables_bytes <= body && header.portable_bytes <= body - header.tables_bytes &&
                    header.blobs_offset <= bytes.size() && header.blobs_offset % kBlobAlignment == 0 &&
                    header.blobs_offset >= sizeof(Header) + header.tables_bytes + header.portable_bytes,
                "plan file: a section lies outside the file");
  const auto tables = bytes.subspan(sizeof(Header), header.tables_bytes);
  TENON_REQUIRE(hash64(tables.data(), tables.size()) == header.tables_hash,
                "plan file: the tables are damaged");
  Parts parts{read_tables(tables), {}, bytes.subspan(header.blobs_offset)};
  const auto portable = bytes.subspan(sizeof(Header) + header.tables_bytes, header.portable_bytes);
  parts.portable = {reinterpret_cast<const char*>(portable.data()), portable.size()};
  return parts;
}

Tensor view_blob(const BlobEntry& entry, std::span<const std::byte> section,
                 const std::shared_ptr<const void>& owner) {
  TENON_REQUIRE(entry.offset % kBlobAlignment == 0 && entry.offset <= section.size() &&
                    entry.bytes <= section.size() - entry.offset,
                "plan file: a blob lies outside the file");
  TENON_REQUIRE(entry.dtype != DataType::string, "plan file: a blob of strings");
  const auto elements = static_cast<std::size_t>(element_count(entry.shape));
  TENON_REQUIRE(elements <= section.size() * 8 && storage_bytes(entry.dtype, elements) == entry.bytes,
                "plan file: a blob's size does not fit its type");
  return Tensor::view_const(entry.dtype, entry.shape, section.data() + entry.offset, owner);
}

}  // namespace

bool looks_like_plan(std::span<const std::byte> bytes) noexcept {
  return bytes.size() >= kMagic.size() && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

std::vector<std::byte> serialize_plan(const Plan& plan) {
  Tables tables;
  BlobLayout layout;
  for (const Tensor& blob : plan.blobs) tables.blobs.push_back(layout.add(blob));
  for (const Tensor& blob : plan.portable_blobs) tables.portable_blobs.push_back(layout.add(blob));
  std::string portable;
  for (const PlanProfile& profile : plan.profiles) portable += profile.portable_ir;
  tables.portable_hash = hash64(portable);
  tables.plan = plan;
  const std::vector<std::byte> table_bytes = write_tables(tables);

  Header header;
  header.tables_bytes = table_bytes.size();
  header.portable_bytes = portable.size();
  header.blobs_offset = round_up(sizeof(Header) + table_bytes.size() + portable.size(), kPage);
  header.file_bytes = header.blobs_offset + layout.bytes();
  header.tables_hash = hash64(table_bytes.data(), table_bytes.size());
  header.header_hash = header.compute_hash();

  std::vector<std::byte> file(header.file_bytes);
  std::memcpy(file.data(), &header, sizeof(header));
  std::memcpy(file.data() + sizeof(header), table_bytes.data(), table_bytes.size());
  if (!portable.empty())
    std::memcpy(file.data() + sizeof(header) + table_bytes.size(), portable.data(), portable.size());
  layout.copy_to(file.data() + header.blobs_offset);
  return file;
}

Plan parse_plan(std::span<const std::byte> bytes, const std::shared_ptr<const void>& owner) {
  Parts parts = read_parts(bytes);
  Plan plan = std::move(parts.tables.plan);
  for (const BlobEntry& entry : parts.tables.blobs)
    plan.blobs.push_back(view_blob(entry, parts.blobs, owner));
  for (const BlobEntry& entry : parts.tables.portable_blobs) {
    plan.portable_blobs.push_back(view_blob(entry, parts.blobs, owner));
  }
  TENON_REQUIRE(plan.portable_hashes.size() == plan.portable_blobs.size(),
                "plan file: portable blobs without names");
  for (std::size_t i = 0; i < plan.profiles.size(); ++i) {
    const std::uint64_t size = parts.tables.portable_sizes[i];
    TENON_REQUIRE(size <= parts.portable.size(), "plan file: the portable section is cut off");
    plan.profiles[i].portable_ir = std::string(parts.portable.substr(0, size));
    parts.portable.remove_prefix(size);
  }
  validate_plan(plan);
  return plan;
}

void save_plan(const Plan& plan, const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = serialize_plan(plan);
  write_file_atomically(path, [&](std::ostream& out) {
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  });
}

Plan load_plan(const std::filesystem::path& path) {
  return in_context(
      [&] {
        auto file = MappedFile::open(path);
        return parse_plan(file->bytes(), file);
      },
      [&] { return fmt::format("loading the plan '{}'", path.string()); });
}

void verify_blobs(const std::filesystem::path& path) {
  const MappedFile file(path);
  const Parts parts = read_parts(file.bytes());
  TENON_REQUIRE(hash64(parts.portable) == parts.tables.portable_hash,
                "plan '{}': the portable section is damaged", path.string());
  const auto check = [&](const std::vector<BlobEntry>& entries, std::string_view what) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const Tensor blob = view_blob(entries[i], parts.blobs, {});
      TENON_REQUIRE(hash64(blob.data(), blob.size_bytes()) == entries[i].hash, "plan '{}': {} {} is damaged",
                    path.string(), what, i);
    }
  };
  check(parts.tables.blobs, "weight blob");
  check(parts.tables.portable_blobs, "portable blob");
}

}  // namespace tenon
