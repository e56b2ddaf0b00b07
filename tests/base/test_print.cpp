// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <random>

#include "base/parameters.hpp"
#include "base/print.hpp"
#include "tests/base/errors.hpp"
#include "tests/base/machine.hpp"

namespace sluice {
namespace {

Machine read_back(const std::string& text) {
  Diagnostics diagnostics;
  Machine machine;
  read_value(parse_yaml(text, "m.yaml"), machine, {}, diagnostics);
  diagnostics.throw_if_any();
  return machine;
}

Buffer random_buffer(std::mt19937_64& random) {
  return {"b" + std::to_string(random() % 100),
          {1024 + random() % 3 * (random() % 10000)},
          1 + static_cast<std::uint32_t>(random() % 2)};
}

// Every field is at its default now and then.
Machine random_machine(std::mt19937_64& random) {
  Machine m;
  const auto once = [&] { return random() % 2 == 0; };
  const auto real = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  m.rows = 1 + random() % 3;
  if (once()) m.utilization = real();
  m.prefetch = once();
  if (once())
    m.note = std::vector<std::string>{"true", "12", "a: b", "", "null", "x\ny"}[random() % 6];
  if (once()) m.dataflow = Dataflow::output_stationary;
  if (once()) m.clock = {1 + 1e9 * real()};
  if (once()) m.latency = {1e-3 * real()};
  if (once())
    m.bandwidth = {1e12 * real(), once() ? Bandwidth::Per::second : Bandwidth::Per::cycle};
  if (once()) m.energy = {real()};
  if (once()) m.area = {1e9 * real()};
  if (once()) m.limit = Bytes{1 + random()};
  if (once()) m.cache = random_buffer(random);
  if (once()) m.main = random_buffer(random);
  while (once()) m.buffers.push_back(random_buffer(random));
  while (once()) m.sizes.push_back(1 + random() % 9);
  return m;
}

TEST_CASE("a struct reads back from its YAML, with and without its defaults") {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const Machine machine = random_machine(random);
    for (const bool omit : {false, true}) {
      const std::string text = to_text(to_yaml(machine, {.omit_defaults = omit}));
      CAPTURE(text);
      REQUIRE(read_back(text) == machine);
    }
  }
}

TEST_CASE("without defaults only what differs is written, and what is required") {
  Machine machine;
  CHECK(to_text(to_yaml(machine, {.omit_defaults = true})) == "rows: 1\n");
  machine.main.banks = 4;
  machine.cache = Buffer{.name = "c"};
  machine.buffers = {{"a", {1024}, 1}, {"b", {2048}, 1}};
  CHECK(to_text(to_yaml(machine, {.omit_defaults = true})) ==
        "rows: 1\n"
        "cache:\n"
        "  name: c\n"
        "main:\n"
        "  name: main\n"
        "  banks: 4\n"
        "buffers:\n"
        "  - name: a\n"
        "  - name: b\n"
        "    capacity: 2 KiB\n");
}

TEST_CASE("an empty option is written as null, and null reads back as empty") {
  const YamlNode node = to_yaml(Machine{});
  CHECK(node.find("limit")->is_null());
  CHECK(read_back(to_text(node)).limit == std::nullopt);
}

TEST_CASE("the table of parameters has a row for every field, those of inner structs included") {
  std::string text;
  for (const ParameterInfo& p : parameters_of<Machine>())
    text += p.name + " | " + p.type + " | " + p.unit + " | " + p.default_value + " | " + p.range +
            " | " + p.doc + "\n";
  CHECK(
      text ==
      "rows | integer |  |  | 1..65536 | PEs in a column\n"
      "utilization | real |  | 1 | 0..1 | share of peak\n"
      "prefetch | boolean |  | true |  | fetch early\n"
      "note | text |  | \"\" |  | free text\n"
      "dataflow | weight_stationary | output_stationary |  | weight_stationary |  | what stays in "
      "place\n"
      "clock | frequency | Hz | 1 GHz | 1 Hz.. | clock\n"
      "latency | time | s | 0 s | ..1 ms | delay\n"
      "bandwidth | bandwidth |  | 0 B/s |  | rate; 0: unlimited\n"
      "energy | energy | pJ | 0 pJ |  | energy of an access\n"
      "area | area | um2 | 0 um2 |  | area\n"
      "limit | size |  | null | 1 B.. | most bytes\n"
      "cache | map |  | null |  | a cache\n"
      "cache.name | text |  |  |  | name in reports\n"
      "cache.capacity | size | B | 1 KiB | 1 KiB..16 MiB | what it holds\n"
      "cache.banks | integer |  | 1 | 1..1024 | banks that work at once\n"
      "main | map |  |  |  | the main buffer\n"
      "main.name | text |  |  |  | name in reports\n"
      "main.capacity | size | B | 4 KiB | 1 KiB..16 MiB | what it holds\n"
      "main.banks | integer |  | 2 | 1..1024 | banks that work at once\n"
      "buffers | list of map |  | [] |  | further buffers\n"
      "buffers[].name | text |  |  |  | name in reports\n"
      "buffers[].capacity | size | B | 1 KiB | 1 KiB..16 MiB | what it holds\n"
      "buffers[].banks | integer |  | 1 | 1..1024 | banks that work at once\n"
      "sizes | list of integer |  | [] | 1.. | sizes\n");
}

}  // namespace
}  // namespace sluice
