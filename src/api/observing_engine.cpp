#include "api/observing_engine.hpp"

#include "api/passing_values.hpp"
#include "base/check.hpp"
#include "base/cpu_info.hpp"
#include "base/text.hpp"
#include "base/thread_pool.hpp"
#include "ir/graph.hpp"
#include "plan/plan.hpp"
#include "quant/observed_values.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <numeric>
#include <set>

namespace tenon {
namespace {

// Shapes that are kept ready at the same time.
constexpr std::size_t kMostEngines = 4;

// Rewrites that keep every tensor of the network computable, and join none.
constexpr std::string_view kUnfused = "canonicalize,cse";

// As long as it lives, the listener is told.
class Listening {
 public:
  Listening(Context& context, Context::OutputListener listener) : context_(context) {
    context.set_output_listener(std::move(listener));
  }
  ~Listening() { context_.set_output_listener({}); }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  Context& context_;
};

}  // namespace

KernelCounter::KernelCounter(std::shared_ptr<ThreadPool> pool)
    : pool_(std::move(pool)),
      kernel_(cpu::select_observe(isa())),
      scratch_(static_cast<std::size_t>(pool_->size())) {}

quant::Extremes KernelCounter::extremes(std::span<const float> values) {
  const cpu::Observation seen = cpu::observe_run(*kernel_, values, {}, {}, scratch_, *pool_);
  return {seen.min, seen.max, seen.finite};
}

quant::Extremes KernelCounter::count(std::span<const float> values, const quant::BinScale& scale,
                                     quant::Counts& counts) {
  static_assert(TensorHistogram::kBins == cpu::kObserveBins && quant::kCounters == cpu::kObserveTable);
  const cpu::ObserveScale inverse{scale.negative, scale.positive, scale.beyond, scale.limit};
  const cpu::ObserveTable table{counts.counters.data(), counts.moved.data(), &counts.most};
  const cpu::Observation seen = cpu::observe_run(*kernel_, values, inverse, table, scratch_, *pool_);
  return {seen.min, seen.max, seen.finite};
}

ObservingEngine::ObservingEngine(const Network& network, std::map<std::string, ShapeRange> shapes, bool fused,
                                 std::set<std::string> unseen, std::shared_ptr<ThreadPool> pool)
    : network_(network),
      shapes_(std::move(shapes)),
      fused_(fused),
      unseen_(std::move(unseen)),
      pool_(std::move(pool)) {}

ObservingEngine::~ObservingEngine() = default;

const std::vector<ObservedTensor>& ObservingEngine::Bound::observed() const { return entry_->observed; }

ObservingEngine::Bound ObservingEngine::prepare(const Inputs& inputs) {
  Bound batch;
  batch.entry_ = &entry_for(inputs);
  batch.inputs_ = &inputs;
  std::optional<Context>& context = batch.entry_->context;
  if (!context) context = batch.entry_->engine->create_context();
  for (const auto& [name, tensor] : inputs) context->set_input(name, tensor);
  context->prepare();
  batch.context_ = &*context;
  return batch;
}

void ObservingEngine::run(const Bound& batch, const See& see) {
  const std::vector<ObservedTensor>& observed = batch.entry_->observed;
  std::vector<bool> seen(observed.size());
  std::exception_ptr failure;
  const auto show = [&](std::size_t index, const Tensor& value) {
    seen[index] = true;
    see(observed[index], value);
  };
  for (const ObservedTensor& tensor : observed) {
    if (tensor.input) see(tensor, batch.inputs_->at(tensor.engine_name));
  }
  {
    const Listening listening(*batch.context_, [&](std::size_t output, const Tensor& value) {
      const std::size_t index = batch.entry_->by_output[output];
      if (index == kNone || failure) return;
      try {
        show(index, value);
      } catch (...) {
        failure = std::current_exception();
      }
    });
    batch.context_->run();
  }
  if (failure) std::rethrow_exception(failure);
  for (std::size_t i = 0; i < observed.size(); ++i) {
    if (!observed[i].input && observed[i].shown && !seen[i])
      show(i, batch.context_->output(observed[i].engine_name));
  }
}

void ObservingEngine::run(const Bound& batch) { batch.context_->run(); }

ObservingEngine::Entry& ObservingEngine::entry_for(const Inputs& inputs) {
  std::map<std::string, Shape> asked;
  std::map<std::string, ShapeRange> ranges = shapes_;
  std::set<std::string> known;
  for (const TensorInfo& info : network_.inputs()) {
    const auto given = inputs.find(info.name);
    TENON_REQUIRE(given != inputs.end(), "the batch has no input {}", quote(info.name));
    known.insert(info.name);
    const Tensor& tensor = given->second;
    TENON_REQUIRE(tensor.dtype() == info.dtype, "input {} takes {}, the batch holds {}", quote(info.name),
                  tenon::name(info.dtype), tenon::name(tensor.dtype()));
    if (shapes_.count(info.name) != 0) continue;
    asked.emplace(info.name, tensor.shape());
    ranges.emplace(info.name, ShapeRange{tensor.shape(), tensor.shape(), tensor.shape()});
  }
  for (const auto& [name, tensor] : inputs) {
    TENON_REQUIRE(known.count(name) != 0, "the network has no input {}", quote(name));
  }
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.shapes == asked; });
  if (found != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, found);
    return entries_.front();
  }
  Entry entry;
  entry.shapes = std::move(asked);
  build_entry(ranges, entry);
  entries_.push_front(std::move(entry));
  if (entries_.size() > kMostEngines) entries_.pop_back();
  return entries_.front();
}

void ObservingEngine::build_entry(const std::map<std::string, ShapeRange>& shapes, Entry& entry) const {
  BuildOptions options;
  options.shapes = shapes;
  options.threads = 1;  // choices must not depend on how many there are
  options.measure = false;
  options.accuracy = Accuracy::exact;
  options.portable = false;
  options.taps = true;
  options.optimize = false;
  Network tapped = network_;
  tapped.graph().clear_taps();
  BuildOptions passes;
  passes.shapes = shapes;
  if (fused_) tapped = optimize(tapped, passes);
  Graph& graph = tapped.graph();
  std::set<std::string> names(graph.output_names().begin(), graph.output_names().end());
  const std::set<ValueId> inputs(graph.inputs().begin(), graph.inputs().end());
  std::map<ValueId, std::string> outputs;
  for (std::size_t i = 0; i < graph.outputs().size(); ++i)
    outputs.emplace(graph.outputs()[i], graph.output_names()[i]);
  for (const quant::ObservedValue& value : quant::observed_values(graph)) {
    ObservedTensor tensor{value.name,
                          value.location,
                          graph.value(value.value).type.as_tensor().dtype,
                          inputs.count(value.value) != 0,
                          unseen_.count(value.name) == 0,
                          value.name,
                          entry.observed.size()};
    if (tensor.input) {
      tensor.engine_name = graph.value(value.value).name;
    } else if (const auto output = outputs.find(value.value); output != outputs.end()) {
      tensor.engine_name = output->second;
    } else if (tensor.shown) {
      while (!names.insert(tensor.engine_name).second) tensor.engine_name += "'";
      graph.add_tap(tensor.engine_name, value.value);
    }
    entry.observed.push_back(std::move(tensor));
  }
  if (!fused_) {
    passes.pipeline = kUnfused;
    tapped = optimize(tapped, passes);
  }
  LoadOptions load;
  load.pool = pool_;
  entry.engine = Engine::from_plan(build_plan(std::move(tapped), options, entry), load);
  for (const TensorInfo& output : entry.engine->outputs()) {
    const auto found =
        std::find_if(entry.observed.begin(), entry.observed.end(), [&](const ObservedTensor& tensor) {
          return !tensor.input && tensor.shown && tensor.engine_name == output.name;
        });
    entry.by_output.push_back(
        found == entry.observed.end() ? kNone : static_cast<std::size_t>(found - entry.observed.begin()));
  }
}

// What the taps show becomes outputs: of the plan alone where a value passes by, without memory of their own.
Plan ObservingEngine::build_plan(Network tapped, BuildOptions options, Entry& entry) const {
  Graph& graph = tapped.graph();
  const std::vector<Tap> taps = graph.taps();
  const std::set<ValueId> inputs(graph.inputs().begin(), graph.inputs().end());
  std::set<ValueId> kept(graph.outputs().begin(), graph.outputs().end());
  std::map<ValueId, std::string> names;  // of the buffers, which have those of their values
  for (const Tap& tap : taps) {
    const bool computed = inputs.count(tap.value) == 0 && graph.constant(tap.value) == nullptr;
    if (!computed) kept.insert(tap.value);
    if (computed && names.emplace(tap.value, tap.name).second) graph.set_value_name(tap.value, tap.name);
  }
  // What does not pass by is kept, which may change what is chosen: until all is found.
  for (;;) {
    graph.clear_taps();
    for (const Tap& tap : taps) {
      if (kept.count(tap.value) != 0) graph.add_tap(tap.name, tap.value);
    }
    Plan plan = build(tapped, options).plan();
    PlanProfile& list = plan.profiles.front();
    const std::size_t kept_before = kept.size();
    for (const Tap& tap : taps) {
      if (kept.count(tap.value) != 0) continue;
      const auto found = find_passing(list, names.at(tap.value));
      if (!found) {
        kept.insert(tap.value);
        continue;
      }
      list.outputs.push_back({tap.name, found->buffer});
      const auto tensor = std::find_if(entry.observed.begin(), entry.observed.end(), [&](const auto& seen) {
        return !seen.input && seen.engine_name == tap.name;
      });
      tensor->channel_block = found->channel_block;
    }
    if (kept.size() == kept_before) return plan;
    for (ObservedTensor& tensor : entry.observed) tensor.channel_block = 0;
  }
}

std::int64_t ObservedTensor::element(std::int64_t at, const Shape& shape) const {
  if (channel_block == 0) return at;
  const std::int64_t channels = shape[1];
  const std::int64_t image =
      std::accumulate(shape.begin() + 2, shape.end(), std::int64_t{1}, std::multiplies<>());
  const std::int64_t lane = at % channel_block;
  const std::int64_t pixel = at / channel_block % image;
  const std::int64_t block = at / channel_block / image;  // of all samples'
  const std::int64_t blocks = channels / channel_block;
  return (block / blocks * channels + block % blocks * channel_block + lane) * image + pixel;
}

}  // namespace tenon
