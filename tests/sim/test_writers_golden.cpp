// SPDX-License-Identifier: Apache-2.0
// The bytes of every writer for one made-up report and one made-up trace. The case that is skipped
// rewrites them; tests/sim/golden/writers/SOURCE.md says how and when.
#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "sim/writers/writers.hpp"
#include "tests/sim/writers_samples.hpp"
#include "tests/source_path.hpp"

using namespace sluice;

namespace {

std::string content(const std::string& path) {
  std::ifstream file(source_path(path), std::ios::binary);
  REQUIRE_MESSAGE(file.good(), path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Golden {
  std::string path, text;
};

std::vector<Golden> goldens() {
  const std::string folder = "tests/sim/golden/writers/";
  return {{folder + "report.json", write_json(samples::report())},
          {folder + "infeasible.json",
           write_json(Infeasible{"task conv1: the input does not fit glb", 196608, 131072, "B"})},
          {folder + "report.csv", write_csv(samples::report())},
          {folder + "table_80.txt", write_table(samples::report(), {.width = 80})},
          {folder + "table_100.txt", write_table(samples::report())},
          {folder + "trace.pftrace", write_perfetto(samples::trace(), {"tiny on edge_16x16"})},
          {"docs/schema/report.schema.json", report_schema()}};
}

}  // namespace

TEST_CASE("every writer gives the bytes it gave before, and the schema is the one in docs") {
  for (const Golden& golden : goldens()) {
    CAPTURE(golden.path);
    CHECK(content(golden.path) == golden.text);
  }
}

TEST_CASE("rewrite the goldens of the writers" * doctest::skip()) {
  for (const Golden& golden : goldens()) {
    std::ofstream file(source_path(golden.path), std::ios::binary);
    file << golden.text;
    REQUIRE_MESSAGE(file.good(), golden.path);
  }
}

TEST_CASE("every writer has a name, a summary and a file extension of its own") {
  const std::vector<WriterFormat> formats = writer_formats();
  const std::vector<Descriptor> descriptors = writer_descriptors();
  REQUIRE(formats.size() == descriptors.size());
  std::set<std::string_view> names, extensions;
  for (std::size_t i = 0; i < formats.size(); ++i) {
    CHECK(formats[i].name == descriptors[i].name);
    CHECK_FALSE(descriptors[i].summary.empty());
    CHECK(names.insert(formats[i].name).second);
    CHECK(extensions.insert(formats[i].extension).second);
  }
  CHECK(names == std::set<std::string_view>{"table", "json", "csv", "perfetto", "page"});
}
