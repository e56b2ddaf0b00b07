// SPDX-License-Identifier: Apache-2.0
// Checking of schedules, whoever made them; see schedule.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "mapper/schedule/occupancy.hpp"
#include "mapper/schedule/schedule.hpp"

namespace sluice {
namespace {

class Verification {
 public:
  Verification(const Pipeline& pipeline, const ModuloSchedule& schedule)
      : pipeline_(pipeline), schedule_(schedule) {}

  std::vector<std::string> run() {
    if (!complete()) return problems_;
    check_order();
    check_units();
    check_edges();
    check_overwriting();
    check_links();
    check_resources();
    return problems_;
  }

 private:
  template <class... Values>
  void wrong(fmt::format_string<Values...> text, Values&&... values) {
    problems_.push_back(fmt::format(text, std::forward<Values>(values)...));
  }
  bool complete();
  void check_order();
  void check_units();
  void check_edges();
  void check_overwriting();
  void check_links();
  void check_resources();

  const Pipeline& pipeline_;
  const ModuloSchedule& schedule_;
  std::vector<std::string> problems_;
};

bool Verification::complete() {
  if (schedule_.interval == 0) wrong("the interval is 0 cycles, at least 1 is needed");
  if (schedule_.times.size() != pipeline_.ops.size())
    wrong("{} operations are scheduled, there are {}", schedule_.times.size(),
          pipeline_.ops.size());
  if (!problems_.empty()) return false;
  for (std::size_t o = 0; o < pipeline_.ops.size(); ++o) {
    const PipelineOp& op = pipeline_.ops[o];
    const std::uint64_t needed = op.after_loop ? 0 : op.elements * op.slots;
    if (schedule_.times[o].size() != needed)
      wrong("{} has {} slots, it needs {}", op.name, schedule_.times[o].size(), needed);
  }
  return problems_.empty();
}

void Verification::check_order() {
  for (std::size_t o = 0; o < pipeline_.ops.size(); ++o) {
    const auto& times = schedule_.times[o];
    for (std::size_t i = 1; i < times.size(); ++i)
      if (times[i] <= times[i - 1])
        return wrong("slot {} of {} is at cycle {}, slot {} before it at cycle {}", i,
                     pipeline_.ops[o].name, times[i], i - 1, times[i - 1]);
  }
}

void Verification::check_units() {
  for (const ArrayUnit unit : {ArrayUnit::spatial, ArrayUnit::vector}) {
    constexpr auto none = ~std::size_t{0};
    std::vector<std::size_t> taken(schedule_.interval, none);  // by which operation
    for (std::size_t o = 0; o < pipeline_.ops.size(); ++o) {
      if (pipeline_.ops[o].unit != unit) continue;
      for (const std::uint64_t t : schedule_.times[o]) {
        const std::size_t before = std::exchange(taken[t % schedule_.interval], o);
        if (before != none)
          return wrong("{} and {} are both in cycle {} of {} of {}", pipeline_.ops[before].name,
                       pipeline_.ops[o].name, t % schedule_.interval, schedule_.interval,
                       unit == ArrayUnit::spatial ? "spatial_array" : "vector_array");
      }
    }
  }
}

void Verification::check_edges() {
  for (const PipelineEdge& edge : pipeline_.edges) {
    const PipelineOp &from = pipeline_.ops[edge.from], &to = pipeline_.ops[edge.to];
    for (std::uint64_t j = 0; j < to.elements; ++j) {
      const std::uint64_t e = producer_element(pipeline_, edge, j);
      const std::uint64_t ready =
          schedule_.times[edge.from][(e + 1) * from.slots - 1] + edge.latency;
      const std::uint64_t use = schedule_.times[edge.to][j * to.slots] +
                                edge.distance * pipeline_.distance * schedule_.interval;
      if (use >= ready) continue;
      wrong("element {} of {} begins at cycle {}, {} is there at cycle {}", j, to.name, use,
            from.name, ready);
      break;
    }
  }
}

/// What is carried lies in one place of the buffer, a single vector in two by turns: it is read
/// before it is overwritten.
void Verification::check_overwriting() {
  for (const PipelineEdge& edge : pipeline_.edges) {
    if (edge.path != Path::buffer) continue;
    const PipelineOp &from = pipeline_.ops[edge.from], &to = pipeline_.ops[edge.to];
    const std::uint64_t places = from.elements * from.group > 1 ? 1 : 2;
    const std::uint64_t tiles = (places - edge.distance) * pipeline_.distance;
    for (std::uint64_t j = 0; j < to.elements; ++j) {
      const std::uint64_t e = producer_element(pipeline_, edge, j);
      const std::uint64_t written = schedule_.times[edge.from][(e + 1) * from.slots - 1] +
                                    from.write_after + tiles * schedule_.interval;
      const std::uint64_t read = schedule_.times[edge.to][j * to.slots];
      if (read <= written) continue;
      wrong("element {} of {} reads {} at cycle {}, which is overwritten at cycle {}", j, to.name,
            from.name, read, written);
      break;
    }
  }
}

void Verification::check_links() {
  for (const PipelineOp& op : pipeline_.ops) {
    if (op.words_down > pipeline_.link_words)
      wrong("{} hands {} words down a cycle, a link hands on {}", op.name, op.words_down,
            pipeline_.link_words);
    if (op.words_right > pipeline_.link_words)
      wrong("{} hands {} words right a cycle, a link hands on {}", op.name, op.words_right,
            pipeline_.link_words);
  }
}

void Verification::check_resources() {
  const ScheduleUse use = use_of(pipeline_, schedule_);
  if (use.spatial_registers > pipeline_.spatial_registers)
    wrong("a PE of spatial_array needs {} registers, it has {}", use.spatial_registers,
          pipeline_.spatial_registers);
  if (use.vector_registers > pipeline_.vector_registers)
    wrong("a PE of vector_array needs {} registers, it has {}", use.vector_registers,
          pipeline_.vector_registers);
  if (pipeline_.read_ports == 0) return;
  const auto ports = [&](const char* what, std::uint64_t most, std::uint64_t all,
                         std::uint64_t have) {
    if (most > have) wrong("global_buffer {} {} rows in one cycle, its ports {}", what, most, have);
    if (all > have * schedule_.interval)
      wrong("global_buffer {} {} rows an interval with those of transfers, its ports {}", what, all,
            have * schedule_.interval);
  };
  if (pipeline_.shared_ports) {
    ports("reads and writes", use.most_accesses,
          use.reads + use.writes + pipeline_.dma_reads + pipeline_.dma_writes,
          pipeline_.read_ports);
    return;
  }
  ports("reads", use.most_reads, use.reads + pipeline_.dma_reads, pipeline_.read_ports);
  ports("writes", use.most_writes, use.writes + pipeline_.dma_writes, pipeline_.write_ports);
}

}  // namespace

std::vector<std::string> verify(const Pipeline& pipeline, const ModuloSchedule& schedule) {
  return Verification(pipeline, schedule).run();
}

}  // namespace sluice
