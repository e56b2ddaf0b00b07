// SPDX-License-Identifier: Apache-2.0
// The closed forms of FuseMax. That they equal what was published is in tests/dse; here
// are the arithmetic of single points, the laws, and the mistakes of a setup.
#include <doctest/doctest.h>

#include "sim/fusemax/closed_forms.hpp"
#include "sim/fusemax/tally.hpp"
#include "tests/base/errors.hpp"
#include "tests/source_path.hpp"

namespace sluice::fusemax {
namespace {

const std::string path = "configs/reproduce/fusemax/setup.yaml";

YamlNode setup_tree() { return load_yaml(source_path(path)); }

Setup shipped() {
  Diagnostics diagnostics;
  Setup setup = read_setup(setup_tree(), diagnostics);
  diagnostics.throw_if_any();
  return setup;
}

const Model& model(const Setup& setup, std::string_view name) {
  for (const Model& m : setup.models)
    if (m.name == name) return m;
  FAIL("no model " << name);
  return setup.models.front();
}

/// The message of a setup in which one value is changed, without the place of the file.
std::string mistake(const std::string& key, const std::string& value) {
  YamlNode tree = setup_tree();
  set_path(tree, key, value);
  Diagnostics diagnostics;
  read_setup(tree, diagnostics);
  if (diagnostics.empty()) return "no error";
  return diagnostics.list().front().message;
}

TEST_CASE("an epoch of the pipeline takes 138 cycles at E = 64 and 266 at 128") {
  // 2D: E + F + 9; 1D: 2 F + 10, and F / M1 for the division. C = B H (P/256) (M/256).
  const Setup setup = shipped();
  const Cost bert = attention_cost(setup, Design::binding, model(setup, "BERT"), 1024, {});
  const double tiles = 64 * 12 * 4 * 4;
  CHECK(bert.busy_2d_cycles == 137 * tiles);
  CHECK(bert.compute_cycles == (138 + 64.0 / 4) * tiles);  // 1,892,352
  const Cost xlm = attention_cost(setup, Design::binding, model(setup, "XLM"), 4096, {});
  const double more = 64 * 16 * 16 * 16;
  CHECK(xlm.busy_2d_cycles == 265 * more);
  CHECK(xlm.compute_cycles == (266 + 128.0 / 16) * more);
}

TEST_CASE("queries are cut so that a block of them fits the buffer") {
  // P1 * 256 * 2 B * (2 E + 2) + 256 * 2 B * 2 E <= 16 MiB: at most 251 for E = 64, 126 for 128.
  const Setup setup = shipped();
  const double bert[] = {4, 16, 64, 128, 128, 128}, xlm[] = {4, 16, 64, 64, 64, 64};
  for (std::size_t i = 0; i < setup.lengths.size(); ++i) {
    const std::uint64_t length = setup.lengths[i];
    CHECK(attention_cost(setup, Design::binding, model(setup, "BERT"), length, {}).blocks_on_chip ==
          bert[i]);
    CHECK(attention_cost(setup, Design::binding, model(setup, "XLM"), length, {}).blocks_on_chip ==
          xlm[i]);
  }
  CHECK(blocks_that_fit(12, 10, 5, Bytes{65}) == 6);
  CHECK(blocks_that_fit(12, 10, 5, Bytes{64}) == 4);  // 5 is no divisor
  CHECK(blocks_that_fit(12, 10, 5, Bytes{14}) == 0);
}

TEST_CASE("FLAT spills what does not fit beside two copies of its tiles") {
  // 4096 x 4096 scores fill 32 MiB; twice a 256 x 64 tile of Q, K, V, AV: 2/258 of the whole.
  const Setup setup = shipped();
  CHECK(attention_cost(setup, Design::flat, model(setup, "BERT"), 4096, {}).spilled ==
        doctest::Approx(2.0 / 258).epsilon(1e-14));
  // XLM keeps V: twice 4096 x 128, and tiles of 256 x 128 of the other three: 19 * 65536 words.
  CHECK(attention_cost(setup, Design::flat, model(setup, "XLM"), 4096, {}).spilled ==
        doctest::Approx(19.0 / 275).epsilon(1e-14));
  CHECK(attention_cost(setup, Design::flat, model(setup, "XLM"), 1024, {}).spilled == 0);
}

TEST_CASE("the shares of the Einsums add up to what the 2D array is busy") {
  const Setup setup = shipped();
  for (const Design design : all_designs)
    for (const Model& m : setup.models)
      for (const std::uint64_t length : setup.lengths) {
        const Cost cost = attention_cost(setup, design, m, length, {});
        double sum = 0;
        for (const EinsumShare& share : cost.shares) sum += share.cycles_2d;
        CHECK(sum == cost.busy_2d_cycles);
        CHECK(cost.utilization_2d(machine_of(setup, design)) <= 1);
        CHECK(cost.utilization_1d(machine_of(setup, design)) <= 1 + 1e-12);
      }
}

TEST_CASE("the corrected accounting is never faster, and its registers cost more") {
  const Setup setup = shipped();
  for (const Design design : all_designs)
    for (const Model& m : setup.models)
      for (const std::uint64_t length : setup.lengths) {
        const Cost artifact = attention_cost(setup, design, m, length, {});
        const Cost corrected = attention_cost(setup, design, m, length, {.corrected = true});
        if (design != Design::cascade) CHECK(corrected.latency_s >= artifact.latency_s);
        CHECK(corrected.energy.registers_pj > 100 * artifact.energy.registers_pj);
        CHECK(corrected.energy.array_2d_pj == artifact.energy.array_2d_pj);
        // The artifact does not price the exponentials of +Cascade.
        CHECK(corrected.energy.array_1d_pj >= artifact.energy.array_1d_pj);
        CHECK((corrected.energy.array_1d_pj > artifact.energy.array_1d_pj) ==
              (design == Design::cascade));
      }
}

TEST_CASE("more ports are never slower, and one port for reads is the bottleneck of +Binding") {
  Setup setup = shipped();
  const Model& bert = model(setup, "BERT");
  double before = 0;
  for (const std::uint32_t ports : {8u, 4u, 2u, 1u}) {
    setup.fusemax.ports = ports;
    const double latency =
        attention_cost(setup, Design::binding, bert, 65536, {.corrected = true}).latency_s;
    CHECK(latency >= before);
    before = latency;
  }
  setup.fusemax.ports = 4;
  const Cost cost =
      attention_cost(setup, Design::binding, bert, 65536, {.corrected = true, .read_ports = 1});
  // 4 * 64 rows of Q, K, V, RNV, 1 of RM and 1 of RD: 258 cycles a tile, where the arrays need 138;
  // AV reads F rows of RNV and one of RD a block. Three epochs more for each of the 2 blocks.
  const double tiles = 64 * 12 * 256.0 * 256.0;
  CHECK(cost.compute_cycles ==
        doctest::Approx((258 + 65.0 / 256) * (tiles + 64 * 12 * 2 * 3)).epsilon(1e-12));
}

TEST_CASE("first reads come back where words times tile exceeds 64 bits") {
  constexpr double two_32 = 4294967296.0;
  CHECK(reads_not_elided(two_32, two_32 / 2) == 0);
  CHECK(reads_not_elided(two_32, two_32) == two_32);               // the product is 0
  CHECK(reads_not_elided(1.5 * two_32, two_32) == two_32);         // it is 2^63
  CHECK(reads_not_elided(12 * two_32, two_32 / 8) == 8 * two_32);  // BERT at 256K: two thirds
}

TEST_CASE("energy is the sum of its parts and scales with the batch") {
  Setup setup = shipped();
  const Model& bert = model(setup, "BERT");
  for (const Design design : all_designs) {
    const Energy once = attention_cost(setup, design, bert, 4096, {.corrected = true}).energy;
    CHECK(once.total_pj() == doctest::Approx(once.array_2d_pj + once.array_1d_pj +
                                             once.registers_pj + once.buffer_pj + once.dram_pj));
    setup.batch *= 2;
    const Energy twice = attention_cost(setup, design, bert, 4096, {.corrected = true}).energy;
    setup.batch /= 2;
    CHECK(twice.total_pj() == doctest::Approx(2 * once.total_pj()).epsilon(1e-12));
  }
}

TEST_CASE("no mapping of FLAT's own tool is faster than the best of the forms") {
  const Setup setup = shipped();
  for (const Model& m : setup.models)
    for (const std::uint64_t length : setup.lengths)
      for (const bool corrected : {false, true}) {
        CAPTURE(m.name);
        CAPTURE(length);
        const Accounting accounting{.corrected = corrected};
        const Attention shape = attention_of(setup, m, length);
        const FlatMapping best = best_flat_mapping(setup.baseline, shape, accounting);
        const Cost found = attention_cost(setup.baseline, Design::flat, shape,
                                          {.accounting = accounting, .flat = best});
        const Cost given = attention_cost(setup, Design::flat, m, length, accounting);
        CHECK(found.latency_s <= given.latency_s);
      }
}

TEST_CASE("DRAM bytes are those of the tensors, and what compute takes is made of its parts") {
  const Setup setup = shipped();
  for (const Design design : all_designs)
    for (const Model& m : setup.models)
      for (const std::uint64_t length : setup.lengths) {
        const Cost artifact = attention_cost(setup, design, m, length, {});
        const Cost corrected = attention_cost(setup, design, m, length, {.corrected = true});
        CHECK(artifact.dram_bytes == doctest::Approx(2 * artifact.dram.total()).epsilon(1e-14));
        CHECK(artifact.fill_cycles + artifact.port_stall_cycles == 0);
        CHECK(corrected.fill_cycles > 0);
        CHECK(corrected.compute_cycles ==
              doctest::Approx(artifact.compute_cycles + corrected.fill_cycles +
                              corrected.port_stall_cycles)
                  .epsilon(1e-12));
      }
}

TEST_CASE("lengths are named as in the paper") {
  CHECK(length_name(1024) == "1K");
  CHECK(length_name(262144) == "256K");
  CHECK(length_name(1048576) == "1M");
  CHECK(length_name(1000) == "1000");
}

TEST_CASE("mistakes of a setup") {
  CHECK(mistake("lengths", "[1000]") ==
        "length 1000 is no multiple of the 256 columns of the array");
  CHECK(mistake("lengths", "[2048]") == "FLAT has no mapping for 'BERT' at length 2048");
  CHECK(mistake("pareto_length", "1032") ==
        "length 1032 is no multiple of the 16 columns of the array");
  CHECK(mistake("corrected.1.read_ports", "4") == "4 of 4 ports only read: none is left to write");
  CHECK(mistake("fusemax.spatial_array.columns", "0") == "columns is 0, at least 1 is required");
  CHECK(mistake("fusemax.spatial_array.rows", "128") ==
        "128 rows and 256 columns: closed forms need as many of both");
  CHECK(mistake("baseline.vector_array.lanes", "128") ==
        "128 lanes and 256 columns: closed forms need as many of both");
  CHECK(mistake("baseline.global_buffer.row", "256 B") ==
        "rows of 256 B, and 256 columns of 2 B: closed forms need rows that are as wide");
  CHECK(mistake("baseline.format", "int4") == "int4: closed forms need words of whole bytes");
  CHECK(mistake("baseline.vector_array.operations.3.cycles", "6") ==
        "an exp of 6 cycles in the vector array, where this design has one of 1");
  CHECK(mistake("fusemax.spatial_array.operations.3.cycles", "1") ==
        "an exp of 1 cycles in the spatial array, where this design has one of 6");
  CHECK(mistake("fusemax.prices", "null") == "'prices' is missing");
  CHECK(mistake("flat.0.stationary", "outputs") == "stationary: 'outputs' is not known here");
  CHECK(mistake("models.0.head", "12") == "unknown key 'head'");
}

}  // namespace
}  // namespace sluice::fusemax
