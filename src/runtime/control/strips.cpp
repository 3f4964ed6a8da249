// "strips" (plan/strips.hpp): runs the steps of its bodies on strips of images. Each thread takes strips in
// its turn and has bodies and memory of its own, so what lies between the steps stays in its cache. Strips
// are copied in and out; that is one pass over what a strip reads from outside and gives.
#include "plan/strips.hpp"

#include "base/check.hpp"
#include "runtime/control/control_step.hpp"
#include "runtime/control/crew.hpp"

#include <fmt/format.h>

#include <cstring>

namespace tenon {
namespace {

// Copies `rows` rows of every plane of an image between memories in which planes have so many rows.
void copy_rows(const std::byte* from, std::int64_t from_rows, std::byte* to, std::int64_t to_rows,
               std::int64_t rows, const StripLayout& layout) noexcept {
  for (std::int64_t plane = 0; plane < layout.planes; ++plane) {
    std::memcpy(to + plane * to_rows * layout.row_bytes, from + plane * from_rows * layout.row_bytes,
                static_cast<std::size_t>(rows * layout.row_bytes));
  }
}

struct StripsState final : StepState {
  std::int64_t batch = 0;
  std::vector<std::int64_t> input_rows;
  std::int64_t output_rows = 0;
  std::unique_ptr<Crew> crew;
};

class StripsStep final : public Step {
 public:
  explicit StripsStep(const StepInit& init)
      : programs_(init.bodies.begin(), init.bodies.end()),
        body_(ints_param(init.params, "body")),
        row_(ints_param(init.params, "row")) {
    TENON_REQUIRE(init.outputs.size() == 1 && !init.inputs.empty() && init.weights.empty(),
                  "strips of {} inputs, {} outputs and {} weights", init.inputs.size(), init.outputs.size(),
                  init.weights.size());
    for (std::size_t i = 0; i < init.inputs.size(); ++i) {
      inputs_.push_back(image_of(init.inputs[i]));
      input_rows_.push_back(ints_param(init.params, fmt::format("row{}", i)));
      TENON_REQUIRE(input_rows_.back().size() == body_.size(), "{} strips take {} pieces of input {}",
                    body_.size(), input_rows_.back().size(), i);
    }
    output_ = image_of(init.outputs[0]);
    TENON_REQUIRE(row_.size() == body_.size(), "{} strips give {} pieces", body_.size(), row_.size());
    for (const auto& program : programs_) check_body(program->list());
    for (const std::int64_t body : body_)
      TENON_REQUIRE(body >= 0 && static_cast<std::size_t>(body) < programs_.size(), "strips of body {} of {}",
                    body, programs_.size());
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    return thread_bytes_ * static_cast<std::size_t>(shapes.threads);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    TENON_CHECK(shapes.symbols != nullptr, "strips outside of a context");
    auto state = std::make_unique<StripsState>();
    const Shape& y = rank_checked(shapes.outputs[0]);
    state->batch = y[0];
    state->output_rows = y[2];
    for (const Shape* shape : shapes.inputs) {
      const Shape& x = rank_checked(shape);
      TENON_REQUIRE(x[0] == y[0], "strips of {} images that give {}", x[0], y[0]);
      state->input_rows.push_back(x[2]);
    }
    check_rows(*state);
    state->crew = std::make_unique<Crew>(programs_, *shapes.symbols, shapes.threads);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    auto& state = static_cast<StripsState&>(*call.state);
    return state.crew->run(call, static_cast<std::size_t>(state.batch) * body_.size(), thread_bytes_,
                           [&](std::size_t unit, Crew::Member& member) {
                             return run_strip(state, call, static_cast<std::int64_t>(unit / body_.size()),
                                              unit % body_.size(), member);
                           });
  }

 private:
  static StripLayout image_of(const Type* type) {
    TENON_REQUIRE(type != nullptr, "strips lack an image");
    const auto layout = strip_layout(*type);
    TENON_REQUIRE(layout.has_value(), "strips of {}, which is no image", type->to_string());
    return *layout;
  }

  static const Shape& rank_checked(const Shape* shape) {
    TENON_REQUIRE(shape != nullptr && shape->size() == 4, "strips of an image of unknown shape");
    return *shape;
  }

  static std::int64_t rows_of(const StepList& list, BufferId id) {
    return (*list.buffer(id).type.as_tensor().dims)[2].value();
  }

  // The same images as outside, of one batch and their own number of rows.
  static void check_strip(const StepList& list, BufferId id, const StripLayout& outside) {
    const Buffer& buffer = list.buffer(id);
    const auto layout = strip_layout(buffer.type);
    TENON_REQUIRE(layout && layout->planes == outside.planes && layout->row_bytes == outside.row_bytes &&
                      buffer.type.as_tensor().is_static() && (*buffer.type.as_tensor().dims)[0].is_const(1),
                  "a strip of {} does not fit the image", buffer.type.to_string());
    TENON_REQUIRE(
        buffer.bytes == static_cast<std::uint64_t>(layout->planes * layout->row_bytes * rows_of(list, id)),
        "a strip has {} bytes", buffer.bytes);
  }

  void check_body(const StepList& list) {
    TENON_REQUIRE(list.placed && list.symbols.empty() && list.inputs.size() == inputs_.size() &&
                      list.outputs.size() == 1 &&
                      list.buffer(list.outputs[0].buffer).storage == Buffer::Storage::output,
                  "a body of strips has {} inputs and {} outputs", list.inputs.size(), list.outputs.size());
    for (std::size_t i = 0; i < inputs_.size(); ++i) check_strip(list, list.inputs[i].buffer, inputs_[i]);
    check_strip(list, list.outputs[0].buffer, output_);
    thread_bytes_ = std::max<std::size_t>(thread_bytes_, strip_scratch(list));
  }

  // All rows of the result are given once, and no others taken than there are.
  void check_rows(const StripsState& state) const {
    std::int64_t next = 0;
    for (std::size_t s = 0; s < body_.size(); ++s) {
      const StepList& list = programs_[static_cast<std::size_t>(body_[s])]->list();
      TENON_REQUIRE(row_[s] == next, "strip {} begins at row {}, expected {}", s, row_[s], next);
      next += rows_of(list, list.outputs[0].buffer);
      for (std::size_t i = 0; i < inputs_.size(); ++i) {
        const std::int64_t first = input_rows_[i][s], rows = rows_of(list, list.inputs[i].buffer);
        TENON_REQUIRE(first >= 0 && rows <= state.input_rows[i] && first <= state.input_rows[i] - rows,
                      "strip {} takes rows {} to {} of {}", s, first, first + rows, state.input_rows[i]);
      }
    }
    TENON_REQUIRE(next == state.output_rows, "strips give {} rows of {}", next, state.output_rows);
  }

  Status run_strip(const StripsState& state, const StepCall& call, std::int64_t image, std::size_t strip,
                   Crew::Member& member) const {
    const auto b = static_cast<std::size_t>(body_[strip]);
    const StepList& list = programs_[b]->list();
    std::byte* at = member.memory() + body_scratch(list);
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const Buffer& buffer = list.buffer(list.inputs[i].buffer);
      const std::int64_t rows = rows_of(list, list.inputs[i].buffer), whole = state.input_rows[i];
      const std::byte* from =
          call.inputs[i]->data +
          (image * inputs_[i].planes * whole + input_rows_[i][strip]) * inputs_[i].row_bytes;
      copy_rows(from, whole, at, rows, rows, inputs_[i]);
      member.set_input(b, i, at);
      at += scratch_aligned(buffer.bytes);
    }
    if (Status status = member.run(b, [&](std::size_t) { return at; }); !status.ok()) return status;
    const std::int64_t rows = rows_of(list, list.outputs[0].buffer), whole = state.output_rows;
    std::byte* to =
        call.outputs[0]->data + (image * output_.planes * whole + row_[strip]) * output_.row_bytes;
    copy_rows(at, rows, to, whole, rows, output_);
    return {};
  }

  std::vector<std::shared_ptr<const Program>> programs_;
  std::vector<std::int64_t> body_;                     // of each strip
  std::vector<std::int64_t> row_;                      // of each strip, the first that it gives
  std::vector<std::vector<std::int64_t>> input_rows_;  // of each input and strip, the first that it takes
  std::vector<StripLayout> inputs_;
  StripLayout output_;
  std::size_t thread_bytes_ = 0;
};

}  // namespace

void register_strips_step(StepRegistry& registry) {
  registry.add(kStripsStep, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<StripsStep>(init);
  });
}

}  // namespace tenon
