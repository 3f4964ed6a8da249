#include "base/aligned_buffer.hpp"
#include "base/check.hpp"
#include "base/cpu_info.hpp"
#include "plan/plan_file.hpp"
#include "runtime/builtin_steps.hpp"
#include "runtime/engine_state.hpp"

#include <tenon/engine.hpp>

#include <fmt/format.h>

#include <map>
#include <mutex>

namespace tenon {
namespace {

// One pool per thread count, as long as some engine uses it.
std::shared_ptr<ThreadPool> shared_pool(int threads) {
  static std::mutex mutex;
  static std::map<int, std::weak_ptr<ThreadPool>> pools;
  const std::lock_guard lock(mutex);
  if (auto pool = pools[threads].lock()) return pool;
  auto pool = std::make_shared<ThreadPool>(threads);
  pools[threads] = pool;
  return pool;
}

// The bounds of `dims` under a profile; -1 where they are unknown.
void add_bounds(const PlanProfile& profile, const Dims& dims, std::vector<std::string>& texts, Shape& min,
                Shape& opt, Shape& max) {
  SymbolValues least, best, most;
  for (const PlanSymbol& symbol : profile.symbols) {
    least[symbol.name] = symbol.min;
    best[symbol.name] = symbol.opt;
    most[symbol.name] = symbol.max;
  }
  for (const Dim& dim : dims) {
    texts.push_back(dim.to_string());
    min.push_back(dim.eval(least).value_or(-1));
    opt.push_back(dim.eval(best).value_or(-1));
    max.push_back(dim.eval(most).value_or(-1));
  }
}

TensorInfo describe(const PlanProfile& profile, const PlanTensor& tensor) {
  TensorInfo info;
  info.name = tensor.name;
  const Type& type = profile.buffer(tensor.buffer).type;
  info.type = type.to_string();
  info.is_tensor = type.is_tensor();
  info.bindable = profile.buffer(root_buffer(profile, tensor.buffer)).storage != Buffer::Storage::dynamic;
  if (!type.is_tensor()) return info;
  info.dtype = type.as_tensor().dtype;
  if (const auto& dims = type.as_tensor().dims)
    add_bounds(profile, *dims, info.dims, info.min, info.opt, info.max);
  if (tensor.values) {
    TensorInfo::Values& values = info.values.emplace();
    add_bounds(profile, *tensor.values, values.elements, values.min, values.opt, values.max);
  }
  return info;
}

ProfileInfo describe(const PlanProfile& profile) {
  ProfileInfo info;
  for (const PlanTensor& tensor : profile.inputs) info.inputs.push_back(describe(profile, tensor));
  for (const PlanTensor& tensor : profile.outputs) info.outputs.push_back(describe(profile, tensor));
  for (const PlanSymbol& symbol : profile.symbols) {
    info.symbols.push_back(fmt::format("{} in {}…{}…{}", symbol.name, symbol.min, symbol.opt, symbol.max));
  }
  info.arena_bytes = profile.arena_bytes;
  info.arena_floor = profile.arena_floor;
  return info;
}

void require_isa(const Plan& plan) {
  const auto needed = parse_isa(plan.isa);
  TENON_REQUIRE(needed.has_value(),
                "the plan needs the instruction set '{}', which this version does not know", plan.isa);
  TENON_REQUIRE(isa_enabled(*needed),
                "NeedsRetune: the plan was made for {}, this machine runs {}: build it again here", plan.isa,
                isa_name(isa()));
}

std::size_t index_of(const std::vector<TensorInfo>& tensors, std::string_view name, std::string_view what) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].name == name) return i;
  }
  std::string names;
  for (const TensorInfo& tensor : tensors) {
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", tensor.name);
  }
  throw ModelError(
      fmt::format("the network has no {} '{}'; it has {}", what, name, names.empty() ? "none" : names));
}

std::string types_of(const StepList& list, const std::vector<BufferId>& buffers) {
  std::string text;
  for (const BufferId id : buffers) {
    if (!text.empty()) text += ", ";
    text += id.valid() ? list.buffer(id).type.to_string() : "-";
  }
  return text;
}

void add_infos(const StepList& list, std::size_t depth, std::size_t body, std::vector<StepInfo>& infos) {
  for (const PlanStep& step : list.steps) {
    infos.push_back({step.label, step.op, step.tactic, step.problem, step.note, step.expected_ns, depth, body,
                     types_of(list, step.inputs) + " -> " + types_of(list, step.outputs)});
    for (std::size_t i = 0; i < step.bodies.size(); ++i) add_infos(step.bodies[i], depth + 1, i, infos);
  }
}

}  // namespace

Engine::State::State(Plan plan, const StepRegistry& registry, const LoadOptions& options)
    : plan_(std::move(plan)) {
  TENON_CHECK(!plan_.profiles.empty(), "a plan without a profile");
  require_isa(plan_);
  for (const PlanProfile& profile : plan_.profiles) {
    programs_.push_back(std::make_unique<const Program>(plan_, profile, registry));
    profiles_.push_back(describe(profile));
    if (profile.arena_bytes >= info_.arena_bytes) {
      info_.arena_bytes = profile.arena_bytes;
      info_.arena_floor = profile.arena_floor;
    }
  }
  const int threads = options.threads > 0 ? options.threads : static_cast<int>(plan_.threads);
  pool_ = options.pool ? options.pool : shared_pool(threads);
  info_.network = plan_.network;
  info_.producer = plan_.producer;
  info_.isa = plan_.isa;
  info_.threads = pool_->size();
  info_.symbols = profiles_.front().symbols;
  for (const Tensor& blob : plan_.blobs) info_.weight_bytes += blob.size_bytes();
}

const PlanProfile& Engine::State::profile(std::size_t index) const {
  TENON_REQUIRE(index < plan_.profiles.size(), "the engine has {} profile{}, none of number {}",
                plan_.profiles.size(), plan_.profiles.size() == 1 ? "" : "s", index);
  return plan_.profiles[index];
}

std::size_t Engine::State::input_index(std::string_view name) const {
  return index_of(inputs(), name, "input");
}
std::size_t Engine::State::output_index(std::string_view name) const {
  return index_of(outputs(), name, "output");
}

Engine Engine::from_plan(Plan plan, const LoadOptions& options) {
  return Engine(std::make_shared<const State>(std::move(plan), builtin_steps(), options));
}

Engine Engine::load(const std::filesystem::path& path, const LoadOptions& options) {
  return from_plan(load_plan(path), options);
}

Engine Engine::deserialize(std::span<const std::byte> bytes, const LoadOptions& options) {
  auto copy = std::make_shared<AlignedBuffer>(bytes.size());
  if (!bytes.empty()) std::memcpy(copy->data(), bytes.data(), bytes.size());
  const std::span<const std::byte> view = copy->bytes();
  return from_plan(parse_plan(view, copy), options);
}

void Engine::save(const std::filesystem::path& path) const { save_plan(state_->plan(), path); }
std::vector<std::byte> Engine::serialize() const { return serialize_plan(state_->plan()); }
const std::vector<ProfileInfo>& Engine::profiles() const noexcept { return state_->profiles(); }
const std::vector<TensorInfo>& Engine::inputs() const noexcept { return state_->inputs(); }
const std::vector<TensorInfo>& Engine::outputs() const noexcept { return state_->outputs(); }
const EngineInfo& Engine::info() const noexcept { return state_->info(); }
std::string Engine::dump() const { return to_text(state_->plan()); }
const Plan& Engine::plan() const noexcept { return state_->plan(); }

const PrecisionCosts& Engine::precision_costs(std::size_t profile) const {
  return state_->profile(profile).precision;
}

std::vector<StepInfo> Engine::steps(std::size_t profile) const {
  std::vector<StepInfo> infos;
  add_infos(state_->profile(profile), 0, 0, infos);
  return infos;
}

}  // namespace tenon
