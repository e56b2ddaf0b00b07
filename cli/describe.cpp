// SPDX-License-Identifier: Apache-2.0
// `sluice describe`: what a file means once includes, defaults and formulas are resolved.
#include <fmt/format.h>

#include <algorithm>

#include "base/print.hpp"
#include "base/text_lines.hpp"
#include "cli/commands.hpp"
#include "cli/input.hpp"
#include "cli/streams.hpp"
#include "cli/study_table.hpp"
#include "dse/reproduce/writers.hpp"
#include "mapper/mappers.hpp"
#include "workloads/cascade/analysis.hpp"

namespace sluice {
namespace {

/// Tasks that are mapped alike, as repeated blocks of a network are.
struct TaskGroup {
  const TaskMapping* first = nullptr;
  std::vector<std::string> names;
};

std::vector<TaskGroup> groups_of(const Mapping& mapping) {
  std::vector<TaskGroup> groups;
  for (const TaskMapping& task : mapping.tasks) {
    const auto alike = std::ranges::find_if(groups, [&](const TaskGroup& group) {
      return group.first->task.work == task.task.work && group.first->tiling == task.tiling;
    });
    TaskGroup& group = alike == groups.end() ? groups.emplace_back(TaskGroup{&task, {}}) : *alike;
    group.names.push_back(task.task.name);
  }
  return groups;
}

std::string names_of(const TaskGroup& group) {
  constexpr std::size_t listed = 4;
  std::string text = group.names.front();
  for (std::size_t i = 1; i < std::min(listed, group.names.size()); ++i)
    text += ", " + group.names[i];
  if (group.names.size() > listed) text += fmt::format(", ... ({} tasks)", group.names.size());
  return text;
}

std::string text_of(const Mapping& mapping, const Architecture& machine) {
  std::string text;
  for (const TaskGroup& group : groups_of(mapping)) {
    const TaskTraffic bytes = traffic(*group.first, machine);
    text += fmt::format("\n{}\n", names_of(group));
    text += fmt::format("  {}\n", to_text(*group.first));
    text += fmt::format("  DRAM: input {} B, weight {} B, output {} B\n", bytes.input_read,
                        bytes.weight_read, bytes.output_write + bytes.sums_write + bytes.sums_read);
    text += indented(loop_nest(*group.first), 2);
  }
  return text;
}

/// What a run says beside its network and its machine.
std::string settings_text(const Experiment& run, std::string key, YamlNode of_model) {
  YamlNode settings;
  settings.kind = YamlNode::Kind::map;
  settings.entries.push_back({std::move(key), {}, std::move(of_model)});
  settings.entries.push_back({"simulation", {}, to_yaml(run.simulation)});
  settings.entries.push_back({"output", {}, to_yaml(run.output)});
  return "SETTINGS\n" + indented(to_text(settings), 2);
}

std::string text_of(const Experiment& run, const auto& setup) {
  return fmt::format("run {}, input {}\n\nMACHINE {}\nNETWORK {}\n{}", run.name, run.input_hash,
                     to_table(setup.machine), to_table(run.network),
                     settings_text(run, "mapping", to_yaml(setup.mapping)));
}

std::string text_of(const Experiment& run, const MemorySetup& setup) {
  return fmt::format("run {}, input {}\n\nMACHINE {}\n{}", run.name, run.input_hash,
                     to_table(setup.machine), settings_text(run, "trace", to_yaml(setup.trace)));
}

/// Without what is not set, such as changes to the timing of a memory.
YamlNode without_null(YamlNode node) {
  for (YamlNode::Entry& entry : node.entries) entry.value = without_null(std::move(entry.value));
  for (YamlNode& item : node.items) item = without_null(std::move(item));
  std::erase_if(node.entries, [](const YamlNode::Entry& entry) {
    return entry.value.is_null() || (entry.value.is_map() && entry.value.entries.empty());
  });
  return node;
}

struct Printer {
  const std::string& path;

  int operator()(const AnyMachine& any) const {
    std::visit(
        [](const auto& machine) {
          write_output(to_table(machine) + "\nas a file:\n\n" +
                       to_text(without_null(to_yaml(machine))));
        },
        any);
    return exit_done;
  }
  int operator()(const Network& network) const {
    write_output(to_table(network));
    return exit_done;
  }
  int operator()(const Cascade& cascade) const {
    write_output(to_table(cascade, facts_of(cascade)) + "\nas a file:\n\n" + to_text(cascade));
    return exit_done;
  }
  int operator()(const EnergyTable& table) const {
    write_output(to_text(table));
    return exit_done;
  }
  int operator()(const MapFile& file) const {
    write_output(to_text(file));
    return exit_done;
  }
  int operator()(const ClaimFile& file) const {
    std::string text = fmt::format("{}\npaper: {}\nsource: {}\npublished: {} numbers\n", file.title,
                                   file.paper, file.source, file.published.size());
    for (const Claim& claim : file.claims) {
      text += fmt::format("\n{}\n  tolerance: {}, {}\n", claim.name, tolerance_text(claim),
                          claim.reason);
      if (!claim.differs.empty()) text += fmt::format("  differs: {}\n", claim.differs);
    }
    write_output(text);
    return exit_done;
  }
  int operator()(const Sweep& sweep) const {
    write_output(describe_sweep(sweep));
    return exit_done;
  }
  int operator()(const Experiment& run) const {
    std::visit([&](const auto& setup) { write_output(text_of(run, setup)); }, run.setup);
    const auto* setup = std::get_if<SystolicSetup>(&run.setup);
    if (setup == nullptr) return exit_done;
    const auto mapped = map_network(run.network, *setup);
    if (const auto* infeasible = std::get_if<Infeasible>(&mapped)) {
      write_error(infeasible_text(path, *infeasible));
      return exit_failed;
    }
    write_output("\nMAPPING\n" + text_of(std::get<Mapping>(mapped), setup->machine));
    return exit_done;
  }
};

}  // namespace

int describe_command(const DescribeArguments& arguments, const LibraryFolders& folders) {
  const YamlNode root = load_input(arguments.file, arguments.settings);
  return std::visit(Printer{arguments.file}, read_input(root, folders.library));
}

}  // namespace sluice
