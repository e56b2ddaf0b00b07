// SPDX-License-Identifier: Apache-2.0
// Units, channels and firings of the systolic machine; see systolic_machine.hpp.
#include "sim/models/systolic_machine.hpp"

#include <algorithm>
#include <string_view>

#include "arch/scratchpad_banks.hpp"
#include "base/assert.hpp"
#include "base/checked.hpp"
#include "mapper/bank_conflicts.hpp"

namespace sluice {
namespace {

constexpr std::array<std::string_view, systolic_actions> action_names = {
    "mac",          "fold",        "used_pes",     "input_read", "input_write", "weight_read",
    "weight_write", "output_read", "output_write", "lane_cycle", "dram_read",   "dram_write"};

std::uint32_t id(SystolicAction action) { return static_cast<std::uint32_t>(action); }

void count(Firing& firing, SystolicAction action, std::uint64_t number) {
  if (number > 0) firing.actions.push_back({id(action), number});
}

const Dma* dma_of(const Architecture& architecture, TensorRole role) {
  for (const Dma& dma : architecture.dma)
    if (std::find(dma.moves.begin(), dma.moves.end(), role) != dma.moves.end()) return &dma;
  SLUICE_ASSERT(false, "an architecture that was read has a DMA engine for every tensor");
  return nullptr;
}

/// An engine that moves several tensors has one queue a tensor, which is a unit of its own.
std::string queue_name(const Dma& dma, TensorRole role) {
  if (dma.moves.size() == 1) return dma.name;
  return dma.name + "." + std::string(name_of(role));
}

}  // namespace

SystolicMachine::SystolicMachine(const Architecture& the_architecture, std::uint64_t spilled_tiles)
    : architecture(the_architecture),
      has_memory(!the_architecture.dram.is_ideal() || the_architecture.dram.bandwidth.bytes > 0),
      spills(has_memory && spilled_tiles > 0) {
  for (const std::string_view action : action_names) builder.action(action);
  for (const char* stream : {"input", "weight", "output"}) builder.stream(stream);
  find_paths();
  make_units();
  make_channels();
  if (spills) make_spilling(spilled_tiles);
  make_ports();
}

void SystolicMachine::find_paths() {
  for (const TensorRole role : {TensorRole::input, TensorRole::weight, TensorRole::output}) {
    Path& path = paths_[static_cast<std::size_t>(role)];
    if (has_memory) path.dma = dma_of(architecture, role);
    path.pad = &architecture.scratchpads[scratchpad_of(architecture, role)];
  }
}

void SystolicMachine::make_units() {
  if (has_memory) {
    const auto load = [&](TensorRole role) {
      const Dma& dma = *path(role).dma;
      return builder.unit(queue_name(dma, role), UnitKind::load, dma.outstanding);
    };
    load_input = load(TensorRole::input);
    load_weight = load(TensorRole::weight);
  }
  array = builder.unit("array", UnitKind::compute);
  vector = builder.unit("vector", UnitKind::vector);
  if (!has_memory) return;
  const Dma& dma = *path(TensorRole::output).dma;
  if (spills) load_sums_ = builder.unit(dma.name + ".sums", UnitKind::load, dma.outstanding);
  store_output =
      builder.unit(queue_name(dma, TensorRole::output), UnitKind::store, dma.outstanding);
}

void SystolicMachine::make_channels() {
  const std::uint64_t out = buffers(TensorRole::output);
  output_epilogue_ = builder.channel("output tiles to vector", array, vector, out);
  if (!has_memory) {
    done_ = {{{builder.order("array done", array, array, 1),
               builder.order("array done for vector", array, vector, 1)},
              {builder.order("vector done for array", vector, array, 1),
               builder.order("vector done", vector, vector, 1)}}};
    return;
  }
  input_ = builder.channel("input tiles", load_input, array, buffers(TensorRole::input));
  input_vector_ =
      builder.channel("vector input tiles", load_input, vector, buffers(TensorRole::input));
  weight_ = builder.channel("weight tiles", load_weight, array, buffers(TensorRole::weight));
  output_ = builder.channel("output tiles", array, store_output, out);
  output_vector_ = builder.channel("vector output tiles", vector, store_output, out);
  output_returns_ =
      builder.channel("free output buffers", store_output, spills ? load_sums_ : array, out, out);
  output_credits = output_returns_;
  vector_credits_ = builder.channel("free vector buffers", store_output, vector, out, out);
  stored_input_ = builder.order("stored results", store_output, load_input, 2 * task_window);
  stored_weight_ =
      builder.order("stored results for weights", store_output, load_weight, 2 * task_window);
}

/// Free output buffers go to the array by way of the unit that brings partial sums back into them.
void SystolicMachine::make_spilling(std::uint64_t tiles) {
  output_credits =
      builder.channel("granted output buffers", load_sums_, array, buffers(TensorRole::output));
  spilled_ = builder.order("spilled sums", store_output, load_sums_, tiles + 1);
}

/// The rooms limit how much is on chip; the channels of tiles only hand them over.
void SystolicMachine::make_attention(std::uint64_t key_tiles) {
  const std::uint64_t out = buffers(TensorRole::output), in = buffers(TensorRole::input);
  const auto rooms = [&](Name name, UnitId from, UnitId to, std::uint64_t count) {
    return builder.channel(std::move(name), from, to, count + 1, count);
  };
  attention.scores = builder.channel("scores", array, vector, out * key_tiles + 1);
  attention.score_rooms = rooms("free score buffers", vector, array, out);
  attention.probabilities = builder.channel("probabilities", vector, array, in * key_tiles + 1);
  attention.probability_rooms = rooms("free probability buffers", array, vector, in);
  attention.results = builder.channel("attention results", array, vector, out + 1);
  attention.result_rooms = rooms("free attention result buffers", vector, array, out);
  if (has_memory)
    attention.values =
        builder.channel("value tiles", load_weight, array, buffers(TensorRole::weight));
}

void SystolicMachine::make_ports() {
  for (const Scratchpad& s : architecture.scratchpads) {
    if (s.width.value == 0) continue;
    has_ports_ = true;
    const PortId read = builder.port(s.name + (s.shared_ports ? " port" : " read port"));
    const PortId write = s.shared_ports ? read : builder.port(s.name + " write port");
    for (Path& path : paths_)
      if (path.pad == &s) path.ports = {read, write};
  }
}

void SystolicMachine::use_port(Firing& firing, SystolicAction action, std::uint64_t bytes,
                               bool run) const {
  if (!has_ports_) return;
  if (action < SystolicAction::input_read || action > SystolicAction::output_write) return;
  const std::uint32_t offset = id(action) - id(SystolicAction::input_read);
  const Path& path = paths_[offset / 2];
  const bool write = offset % 2 == 1;
  const Scratchpad& s = *path.pad;
  if (s.width.value == 0) return;
  const std::uint64_t beats =
      run ? run_cycles(s, write, bytes) : ceil_div(bytes, port_bytes_per_cycle(s, write));
  const PortId port = path.ports[write ? 1 : 0];
  for (PortUse& use : firing.ports)
    if (use.port == port) {
      use.beats += beats;
      return;
    }
  firing.ports.push_back({port, beats});
}

void SystolicMachine::use_ports(Firing& firing) const {
  if (!has_ports_) return;
  for (const ActionCount& action : firing.actions)
    use_port(firing, SystolicAction(action.action), action.count);
}

/// Of the vector unit, which passes a lane's worth of elements at once: sums come from the array,
/// all else in the input's format.
std::uint64_t SystolicMachine::lanes_lose(TensorRole role, bool write,
                                          std::uint64_t elements) const {
  const bool sums = role == TensorRole::output && !write;
  return lane_conflicts(
      architecture, role, write,
      sums ? architecture.array.accumulator_format : architecture.array.input_format, elements,
      architecture.vector.lanes);
}

Firing& SystolicMachine::fire(UnitId unit) {
  Firing& f = builder.fire();
  f.unit = unit;
  f.layer = layer;
  f.interval = 0;
  f.latency = 0;
  return f;
}

ChannelId SystolicMachine::operand_channel(TensorRole role) const {
  return role == TensorRole::input ? input_ : weight_;
}

void SystolicMachine::start_task(const std::string& name, const TaskNeeds& needs, bool gemm) {
  if (!has_memory && tasks_ > 0) synchronize(gemm);
  layer = builder.layer(name);
  if (!has_memory) return;
  const std::uint64_t window = tasks_ > task_window ? tasks_ - task_window : 0;
  const std::uint64_t results = std::max(needs.results ? *needs.results + 1 : 0, window);
  await_stored(load_input, stored_input_, results, taken_input_);
  const std::uint64_t weights = needs.weights_are_results       ? results
                                : architecture.prefetch_weights ? window
                                                                : tasks_;
  await_stored(load_weight, stored_weight_, weights, taken_weight_);
}

/// Without memory, tasks follow each other strictly: the next begins when the last result is out.
/// The unit is free before that, and waits for the news.
void SystolicMachine::synchronize(bool gemm) {
  const std::uint64_t tail = ends_on_vector_ ? architecture.vector.latency : array_tail_;
  if (tail == 0 && ends_on_vector_ != gemm) return;
  const ChannelId news = done_[ends_on_vector_ ? 1 : 0][gemm ? 0 : 1];
  Firing& done = fire(ends_on_vector_ ? vector : array);
  done.name = "done";
  done.latency = tail;
  done.puts.push_back({news, 1});
  Firing& wait = fire(gemm ? array : vector);
  wait.takes.push_back({news, 1, Release::at_start});
}

void SystolicMachine::await_stored(UnitId unit, ChannelId channel, std::uint64_t needed,
                                   std::uint64_t& taken) {
  if (needed <= taken) return;
  Firing& wait = fire(unit);
  wait.takes.push_back({channel, static_cast<std::uint32_t>(needed - taken), Release::at_start});
  taken = needed;
}

void SystolicMachine::end_task() {
  ++tasks_;
  if (!has_memory) return;
  Firing& stored = fire(store_output);
  stored.puts = {{stored_input_, 1}, {stored_weight_, 1}};
}

void SystolicMachine::load(TensorRole role, const MemoryTransfer& transfer, ChannelId to) {
  Firing& f = fire(role == TensorRole::input ? load_input : load_weight);
  f.interval = path(role).dma->setup_cycles;
  f.puts.push_back({to, 1});
  const std::uint64_t bytes = transfer.row_bytes * transfer.rows;
  const SystolicAction write =
      role == TensorRole::input ? SystolicAction::input_write : SystolicAction::weight_write;
  count(f, write, bytes);
  count(f, SystolicAction::dram_read, bytes);
  use_port(f, write, bytes, true);
  // A tile of nothing but padding is there without being read.
  if (bytes == 0)
    f.interval = 0;
  else
    f.transfer = transfer;
}

void SystolicMachine::hold(ChannelId tiles) {
  if (!has_memory) return;
  Firing& f = fire(array);
  f.takes.push_back({tiles, 1, Release::never});
}

void SystolicMachine::release(ChannelId tiles) {
  if (!has_memory) return;
  Firing& f = fire(array);
  f.takes.push_back({tiles, 1, Release::at_end});
}

void SystolicMachine::take_output_buffer() {
  if (!has_memory) return;
  Firing& f = fire(array);
  f.takes.push_back({output_credits, 1, Release::at_start});
}

void SystolicMachine::grant_output(const MemoryTransfer* sums) {
  Firing& f = fire(load_sums_);
  f.takes.push_back({output_returns_, 1, Release::at_start});
  f.puts.push_back({output_credits, 1});
  if (sums != nullptr) {
    f.takes.push_back({spilled_, 1, Release::at_start});
    f.interval = path(TensorRole::output).dma->setup_cycles;
    const std::uint64_t bytes = sums->row_bytes * sums->rows;
    count(f, SystolicAction::output_write, bytes);
    count(f, SystolicAction::dram_read, bytes);
    use_port(f, SystolicAction::output_write, bytes, true);
    f.transfer = *sums;
  }
}

void SystolicMachine::spill_output(const MemoryTransfer& transfer) {
  if (has_memory) store(output_, output_returns_, transfer, true);
}

void SystolicMachine::put_output(Firing& f, bool epilogue) {
  array_tail_ = f.latency - f.interval;
  ends_on_vector_ = epilogue;
  if (epilogue)
    f.puts.push_back({output_epilogue_, 1});
  else if (has_memory)
    f.puts.push_back({output_, 1});
}

void SystolicMachine::finish_output(std::uint64_t elements, std::uint64_t epilogue_ops,
                                    const MemoryTransfer& transfer) {
  if (epilogue_ops > 0) {
    const std::uint64_t lane_cycles = product(elements, epilogue_ops);
    Firing& f = fire(vector);
    f.interval = ceil_div(lane_cycles, architecture.vector.lanes);
    f.latency = f.interval + architecture.vector.latency;
    f.takes.push_back({output_epilogue_, 1, Release::at_end});
    if (has_memory) f.puts.push_back({output_vector_, 1});
    count(f, SystolicAction::lane_cycle, lane_cycles);
    count(f, SystolicAction::output_read,
          storage_bytes(elements, architecture.array.accumulator_format));
    count(f, SystolicAction::output_write,
          storage_bytes(elements, architecture.array.input_format));
    f.bank_conflicts = lanes_lose(TensorRole::output, false, elements) +
                       lanes_lose(TensorRole::output, true, elements);
    use_ports(f);
  }
  if (has_memory) store(epilogue_ops > 0 ? output_vector_ : output_, output_returns_, transfer);
}

void SystolicMachine::store(ChannelId from, ChannelId credits, const MemoryTransfer& transfer,
                            bool spilled) {
  Firing& f = fire(store_output);
  f.interval = path(TensorRole::output).dma->setup_cycles;
  f.takes.push_back({from, 1, Release::at_end});
  f.puts.push_back({credits, 1});
  if (spilled) f.puts.push_back({spilled_, 1});
  const std::uint64_t bytes = transfer.row_bytes * transfer.rows;
  count(f, SystolicAction::output_read, bytes);
  count(f, SystolicAction::dram_write, bytes);
  use_port(f, SystolicAction::output_read, bytes, true);
  f.transfer = transfer;
}

void SystolicMachine::vector_step(std::uint64_t elements, std::uint64_t lane_cycles,
                                  std::uint64_t passes, const MemoryTransfer& in,
                                  const MemoryTransfer* out) {
  if (has_memory) load(TensorRole::input, in, true);
  const std::uint64_t work = ceil_div(product(elements, lane_cycles), passes);
  Firing& f = fire(vector);
  f.interval = ceil_div(work, architecture.vector.lanes);
  f.latency = f.interval + architecture.vector.latency;
  ends_on_vector_ = true;
  if (has_memory) {
    f.takes.push_back({input_vector_, 1, Release::at_end});
    if (out != nullptr) {
      f.takes.push_back({vector_credits_, 1, Release::at_start});
      f.puts.push_back({output_vector_, 1});
    }
  }
  count(f, SystolicAction::lane_cycle, work);
  count(f, SystolicAction::input_read, in.row_bytes * in.rows);
  if (out != nullptr) count(f, SystolicAction::output_write, out->row_bytes * out->rows);
  f.bank_conflicts = lanes_lose(TensorRole::input, false, elements) +
                     (out != nullptr ? lanes_lose(TensorRole::output, true, elements) : 0);
  use_ports(f);
  if (has_memory && out != nullptr) store(output_vector_, vector_credits_, *out);
}

void SystolicMachine::put_vector_output(Firing& f) {
  ends_on_vector_ = true;
  if (!has_memory) return;
  f.takes.push_back({vector_credits_, 1, Release::at_start});
  f.puts.push_back({output_vector_, 1});
}

void SystolicMachine::store_vector_output(const MemoryTransfer& transfer) {
  if (has_memory) store(output_vector_, vector_credits_, transfer);
}

}  // namespace sluice
