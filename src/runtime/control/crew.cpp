#include "runtime/control/crew.hpp"

#include "plan/guarded.hpp"

#include <atomic>

namespace tenon {

void Crew::Member::set_input(std::size_t b, std::size_t i, const std::byte* data) noexcept {
  bodies_[b].inputs[i].data =
      const_cast<std::byte*>(data);  // views are of what is read and of what is written
}

Status Crew::Member::run(std::size_t b, FunctionRef<std::byte*(std::size_t i)> output) {
  OwnBody& own = bodies_[b];
  own.body.prepare(memory_);
  for (std::size_t i = 0; i < own.body.output_count(); ++i) own.body.bind_output(i, output(i));
  return own.body.run(times_.empty() ? nullptr : times_.data() + own.first_time);
}

Crew::Crew(std::span<const std::shared_ptr<const Program>> programs, const SymbolValues& symbols,
           int threads) {
  for (int thread = 0; thread < threads; ++thread) {
    Member& member = *members_.emplace_back(std::make_unique<Member>());
    member.bodies_.reserve(programs.size());
    steps_ = 0;
    for (const auto& program : programs) {
      Member::OwnBody& own =
          member.bodies_.emplace_back(Member::OwnBody{Body(*program, member.pool_, symbols), {}, steps_});
      steps_ += program->total_steps();
      const StepList& list = program->list();
      std::vector<Shape> shapes;
      for (const PlanTensor& input : list.inputs) {
        const TensorType& type = list.buffer(input.buffer).type.as_tensor();
        BufferView& view = own.inputs.emplace_back();
        view.dtype = type.dtype;
        for (const Dim& dim : *type.dims) view.shape.push_back(dim.value());
        shapes.push_back(view.shape);
      }
      for (std::size_t i = 0; i < own.inputs.size(); ++i) own.body.set_input(i, own.inputs[i]);
      own.body.expect(std::move(shapes));
    }
  }
}

Status Crew::run(const StepCall& call, std::size_t units, std::size_t member_bytes,
                 FunctionRef<Status(std::size_t unit, Member& member)> work) noexcept {
  const Status ready = guarded([&] {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      members_[i]->status_ = {};
      members_[i]->memory_ = call.scratch + i * member_bytes;
      members_[i]->times_.assign(call.times != nullptr ? steps_ : 0, {});
    }
    return Status();
  });
  if (!ready.ok()) return ready;
  std::atomic<bool> failed{false};
  call.pool->run(units, [&](std::size_t unit, int thread) {
    if (failed.load(std::memory_order_relaxed)) return;
    Member& member = *members_[static_cast<std::size_t>(thread)];
    Status status = guarded([&] { return work(unit, member); });
    if (status.ok()) return;
    member.status_ = std::move(status);
    failed.store(true, std::memory_order_relaxed);
  });
  for (const auto& member : members_) {
    for (std::size_t i = 0; i < member->times_.size(); ++i) {
      call.times[i].total_ns += member->times_[i].total_ns / members_.size();
      call.times[i].runs += member->times_[i].runs;
    }
  }
  for (const auto& member : members_) {
    if (!member->status_.ok()) return member->status_;
  }
  return {};
}

}  // namespace tenon
