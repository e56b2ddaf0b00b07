// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>

#include "arch/spatial_machine.hpp"
#include "tests/arch/machine_text.hpp"
#include "tests/source_path.hpp"

namespace sluice {
namespace {

/// A machine of which one part is replaced by a test.
struct SpatialText {
  std::string grid = "{rows: 4, columns: 4, operations: [{operation: mac}]}";  // line 4
  std::string line = "{lanes: 4, operations: [{operation: mac}]}";             // line 5
  std::string buffer = "{capacity: 1 KiB}";                                    // line 6
  std::string dram = "{preset: ideal}";                                        // line 7

  std::string complaints() const {
    Diagnostics diagnostics;
    read_spatial_machine(
        parse_yaml(fmt::format("name: test\nmodel: spatial\nclock: 1 GHz\nspatial_array: {}\n"
                               "vector_array: {}\nglobal_buffer: {}\ndram: {}\n",
                               grid, line, buffer, dram),
                   "machine.yaml"),
        diagnostics);
    return sluice::complaints(diagnostics);
  }
};

std::string with_grid(const std::string& grid) {
  SpatialText text;
  text.grid = grid;
  return text.complaints();
}

std::string with_buffer(const std::string& buffer) {
  SpatialText text;
  text.buffer = buffer;
  return text.complaints();
}

TEST_CASE(
    "every spatial machine is read without a mistake, bears its file's name and has a source") {
  int count = 0;
  for (const auto& file : std::filesystem::directory_iterator(source_path("configs/arch"))) {
    if (file.path().extension() != ".yaml") continue;
    const YamlNode root = load_yaml(file.path().string());
    if (model_of(root) != "spatial") continue;
    CAPTURE(file.path().string());
    Diagnostics diagnostics;
    const SpatialMachine machine = read_spatial_machine(root, diagnostics);
    CHECK(complaints(diagnostics) == "");
    CHECK(machine.name == file.path().stem().string());
    CHECK(machine.source != "");
    CHECK(to_table(machine).starts_with(machine.name));
    ++count;
  }
  CHECK(count >= 1);
}

TEST_CASE("a machine without mistakes is read without complaint") {
  CHECK(SpatialText{}.complaints() == "");
}

TEST_CASE("an operation that no cascade has is refused, with the nearest") {
  CHECK(with_grid("{rows: 4, columns: 4, operations: [{operation: mack}]}") ==
        "4:63: there is no operation 'mack' | did you mean 'mac'?\n");
}

TEST_CASE("an operation is listed once") {
  CHECK(with_grid("{rows: 4, columns: 4, operations: [{operation: max}, {operation: max}]}") ==
        "4:81: spatial_array has a second operation 'max' | \n");
}

TEST_CASE("ports are stated for reads and writes, or for neither") {
  CHECK(with_buffer("{capacity: 1 KiB, read_ports: 2}") ==
        "6:16: 2 ports to read and 0 to write: 0 stands for no limit, and only both can be without "
        "| \n");
  CHECK(with_buffer("{capacity: 1 KiB, read_ports: 2, write_ports: 1}") == "");
  CHECK(with_buffer("{capacity: 1 KiB, read_ports: 2, shared_ports: true}") == "");
  CHECK(with_buffer("{capacity: 1 KiB, shared_ports: true}") ==
        "6:48: ports are shared, but there is no number | read_ports is the number of ports that "
        "reads and writes share\n");
}

TEST_CASE("a MAC can add and multiply, and what finds maxima finds minima") {
  const std::vector<PeOperation> pe = {{"mac", 1}, {"max", 2}, {"exp", 6}};
  CHECK(cycles_of(pe, "add") == 1);
  CHECK(cycles_of(pe, "subtract") == 1);
  CHECK(cycles_of(pe, "multiply") == 1);
  CHECK(cycles_of(pe, "min") == 2);
  CHECK(cycles_of(pe, "exp") == 6);
  CHECK(cycles_of(pe, "divide") == 0);
}

}  // namespace
}  // namespace sluice
