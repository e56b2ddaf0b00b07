// SPDX-License-Identifier: Apache-2.0
// The timed dataflow graph: what every accelerator model builds and every fidelity reads. Plain
// values; nothing here simulates. The semantics of time are in docs/time.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/inline_vector.hpp"
#include "sim/graph/name.hpp"

namespace sluice {

enum class UnitId : std::uint32_t {};
enum class ChannelId : std::uint32_t {};
enum class FiringId : std::uint32_t {};
enum class LoopId : std::uint32_t {};
enum class PortId : std::uint32_t {};
inline constexpr std::uint32_t none_id = 0xffffffff;

template <class Id>
requires std::is_enum_v<Id>
constexpr std::uint32_t index(Id id) { return static_cast<std::uint32_t>(id); }

/// What a unit is, as far as reports care.
enum class UnitKind : std::uint8_t { compute, vector, load, store, other };

/// One hardware block that does one thing at a time.
struct Unit {
  std::string name;
  UnitKind kind = UnitKind::other;
  std::uint32_t outstanding = 64;  ///< DRAM bursts in flight, of a unit that transfers
  bool operator==(const Unit&) const = default;
};

/// A bounded FIFO from `producer` to `consumer`. A token counts from its enqueue to its dequeue.
/// `initial` tokens are there, ready, at cycle 0 (credits of a buffer that starts empty).
struct Channel {
  Name name;
  UnitId producer{};
  UnitId consumer{};
  std::uint64_t capacity = 2;
  std::uint64_t initial = 0;
  /// Its tokens say that earlier results are complete; a wait for one counts as drain.
  bool order = false;
  bool operator==(const Channel&) const = default;
};

/// When a firing removes the tokens it takes.
enum class Release : std::uint8_t {
  at_start,  ///< when it begins: streaming
  at_end,    ///< when it no longer occupies the unit: a tile in a buffer
  never,     ///< it only looks at them: a later firing takes them
};

/// `tokens` from an input channel that must be there before the firing begins.
struct Take {
  ChannelId channel{};
  std::uint32_t tokens = 1;
  Release release = Release::at_start;
  bool operator==(const Take&) const = default;
};

/// `tokens` to an output channel, enqueued when the firing begins and ready `latency` later. Those
/// of a transfer are ready when a read's last byte has arrived, or a write's has left its buffer.
struct Put {
  ChannelId channel{};
  std::uint32_t tokens = 1;
  bool operator==(const Put&) const = default;
};

/// One stride of a transfer's address with the iteration of a loop around the firing.
struct LoopStride {
  LoopId loop{};
  std::int64_t bytes = 0;
  bool operator==(const LoopStride&) const = default;
};

/// A tile moved between the main memory and a scratchpad: `rows` runs of `row_bytes`, `row_stride`
/// apart. `stream` names the tensor region, for arbitration and statistics.
struct MemoryTransfer {
  std::uint64_t address = 0;
  std::uint64_t row_bytes = 0;
  std::uint64_t rows = 1;
  std::uint64_t row_stride = 0;
  bool write = false;
  std::uint32_t stream = 0;
  InlineVector<LoopStride, 4> strides;
  bool operator==(const MemoryTransfer&) const = default;
};

/// Cycles that a firing needs of a scratchpad port which it shares with other units.
struct PortUse {
  PortId port{};
  std::uint64_t beats = 0;
  bool operator==(const PortUse&) const = default;
};

/// `count` actions that a firing does, priced by the energy table. `action` indexes Graph::actions.
struct ActionCount {
  std::uint32_t action = 0;
  std::uint64_t count = 0;
  bool operator==(const ActionCount&) const = default;
};

/// One indivisible act of a unit. `repeat` such acts follow each other every `interval` cycles with
/// nothing taken or put between them (the folds of one tile): tokens are taken when the first
/// begins, and what is put is ready `latency` cycles after the last has begun.
///
/// A firing with a transfer has one repetition: `interval` is its set-up, which passes before the
/// memory is asked, and the memory says when it ends.
struct Firing {
  /// Leaves the room of the lists as it is; to fill it with zeros, as `Firing()` would do without
  /// this, takes longer than all else.
  Firing() {}

  std::string name;  ///< empty: that of its layer
  UnitId unit{};
  std::uint32_t layer = 0;  ///< statistics bucket
  std::uint64_t interval = 1;
  std::uint64_t latency = 1;
  std::uint64_t repeat = 1;
  InlineVector<Take, 4> takes;
  InlineVector<Put, 2> puts;
  std::optional<MemoryTransfer> transfer;
  InlineVector<PortUse, 2> ports;
  /// Cycles, over all repetitions, for which its own accesses to one bank wait for each other.
  std::uint64_t bank_conflicts = 0;
  InlineVector<ActionCount, 7> actions;
  bool operator==(const Firing&) const = default;
};

/// A node of the schedule, in preorder: a firing, or a loop over the nodes up to `end`.
struct ScheduleNode {
  enum class Kind : std::uint8_t { fire, loop };
  Kind kind = Kind::fire;
  FiringId firing{};        ///< of a fire node
  LoopId loop{};            ///< of a loop node
  std::uint64_t count = 1;  ///< iterations of a loop node, > 0
  std::uint32_t end = 0;    ///< one past the last node of the loop's body
  bool operator==(const ScheduleNode&) const = default;
};

/// A scratchpad port shared by several units; serves `1` beat a cycle.
struct SharedPort {
  std::string name;
  bool operator==(const SharedPort&) const = default;
};

/// The whole program of a machine. The schedule is one sequential order of all firings, kept as a
/// loop tree and never unrolled; the program of a unit is what remains of it when the firings of
/// the other units are left out.
struct Graph {
  std::vector<Unit> units;
  std::vector<Channel> channels;
  std::vector<Firing> firings;
  std::vector<ScheduleNode> schedule;
  std::vector<SharedPort> ports;
  std::vector<std::string_view> actions;  ///< literals
  std::vector<std::string> layers;        ///< statistics buckets
  std::vector<std::string> streams;
  std::uint32_t loops = 0;  ///< LoopIds in use
  bool operator==(const Graph&) const = default;
};

/// Builds a Graph without ever showing half of one. Loops are opened and closed like brackets.
class GraphBuilder {
 public:
  GraphBuilder();

  UnitId unit(std::string name, UnitKind kind, std::uint32_t outstanding = 64);
  ChannelId channel(Name name, UnitId producer, UnitId consumer, std::uint64_t capacity,
                    std::uint64_t initial = 0);
  /// A channel whose tokens say that earlier results are complete.
  ChannelId order(Name name, UnitId producer, UnitId consumer, std::uint64_t capacity);
  PortId port(std::string name);
  std::uint32_t layer(std::string name);
  std::uint32_t action(std::string_view literal);
  std::uint32_t stream(std::string name);

  LoopId open_loop(std::uint64_t count);
  void close_loop();
  /// Appends a firing, to be filled in before the next one comes.
  Firing& fire();
  void fire(Firing firing) { fire() = std::move(firing); }

  /// The finished graph; all loops must be closed. Loops without firings are dropped.
  Graph finish();

 private:
  Graph graph_;
  std::vector<std::uint32_t> open_;
};

/// The name of a firing of `graph`, and where it has none of its own, of its layer.
const std::string& name_of(const Graph& graph, const Firing& firing);

/// What is inconsistent in a graph (a firing that takes from a channel that it does not consume, an
/// empty loop, more tokens than a channel holds, a producer that puts other than its consumer
/// takes in all), or nothing.
std::vector<std::string> check(const Graph& graph);

/// Number of firings that executing `graph` performs, by unit. Repeats count.
std::vector<std::uint64_t> count_firings(const Graph& graph);

/// Sum of interval * repeat over all executed firings of each unit: the cycles it must be busy.
std::vector<std::uint64_t> busy_cycles(const Graph& graph);

/// What executing `graph` does, by layer and action.
std::vector<std::vector<std::uint64_t>> count_actions(const Graph& graph);

/// Indented text of units, channels and schedule.
std::string to_text(const Graph& graph);

}  // namespace sluice
