// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "sim/report/bottleneck.hpp"
#include "tests/sim/writers_samples.hpp"

using namespace sluice;

namespace {

/// 1000 cycles of which `busy` work and the rest is lost to `cause`.
LayerReport layer(std::uint64_t busy, const std::string& cause) {
  LayerReport layer;
  layer.unit = "array";
  layer.cycles = 1000;
  layer.macs = 1;
  layer.mapping_efficiency = 1;
  layer.busy_cycles = busy;
  if (busy < 1000) layer.stalls = {{cause, 1000 - busy}};
  return layer;
}

std::string sentence(const LayerReport& layer) {
  return bottleneck_sentence(layer, samples::machine());
}

}  // namespace

TEST_CASE("a layer that waits for the DRAM is told the bandwidth it lacks") {
  LayerReport report = layer(380, "memory_bandwidth");
  // 12000 B in 1000 ns are 12 GB/s; in the 380 ns that remain, 31.6 GB/s: 19.6 more. 1000 / 380.
  report.macs = 120000;
  report.traffic = {{"dram", "weight", 9000, 0}, {"dram", "input", 3000, 0}};
  report.traffic_bytes = 12000;
  CHECK(sentence(report) ==
        "DRAM bandwidth: 62 % of cycles wait for data; at 10 MAC/B it moves 12.0 GB/s of 16.0 GB/s "
        "at best, 75 % of it weights, and would need 19.6 GB/s more to wait for none; a larger "
        "batch, over which weights are shared, or more bandwidth would be up to 2.6 times faster");
}

TEST_CASE("the relief of the DRAM depends on the tensor with most of its traffic") {
  LayerReport report = layer(500, "memory_bandwidth");
  report.traffic_bytes = 100;
  report.traffic = {{"dram", "input", 90, 0}, {"dram", "output", 0, 10}};
  CHECK(sentence(report).find("; larger tiles, so that each byte is used more often, or more "
                              "bandwidth would be up to 2.0 times faster") != std::string::npos);
  report.traffic = {{"dram", "input", 10, 0}, {"dram", "output", 20, 70}};
  CHECK(sentence(report).find("90 % of it outputs, and would need 100 MB/s more to wait for none; "
                              "keeping results on chip") != std::string::npos);
  // No memory's traffic adds up to the DRAM's: no tensor is blamed.
  report.traffic = {{"glb", "output", 20, 70}};
  CHECK(sentence(report).find("of it") == std::string::npos);
}

TEST_CASE("a mapping that leaves PEs unused is told how many") {
  LayerReport report = layer(1000, "");
  report.mapping_efficiency = 0.25;  // 750 of 1000 cycles' worth of PEs: 1000 / 250
  report.tiling = "m 49, n 16, k 147";
  CHECK(sentence(report) ==
        "mapping: a fold uses 25 % of the PEs on average, 64 of 256 (tiles: m 49, n 16, k 147); "
        "tiles that fill the array, or an array of the tiles' shape, would be up to 4.0 times "
        "faster");
}

TEST_CASE("fill and drain count as one cause") {
  LayerReport report = layer(600, "fill");
  // 200 + 190 > the 210 of any other cause, though each alone is less.
  report.busy_cycles = 400;
  report.stalls = {{"memory_latency", 210}, {"fill", 200}, {"drain", 190}};
  CHECK(sentence(report) ==
        "fill and drain: 39 % of cycles fill and empty the pipeline; longer tiles, or a larger "
        "batch, would spread them over more work and would be up to 1.6 times faster");
}

TEST_CASE("every other cause of stalls has its own relief") {
  CHECK(sentence(layer(500, "memory_latency")) ==
        "memory latency: 50 % of cycles wait for the first byte of a request; fetching further "
        "ahead, with more requests in flight, would be up to 2.0 times faster");
  CHECK(
      sentence(layer(500, "dma_setup")) ==
      "DMA set-up: 50 % of cycles wait while a transfer is set up; larger tiles, a faster set-up, "
      "or buffers that let loads run further ahead would be up to 2.0 times faster");
  CHECK(sentence(layer(500, "port_conflict")) ==
        "scratchpad ports: 50 % of cycles wait for a port that another unit uses; more ports or "
        "banks would be up to 2.0 times faster");
  CHECK(sentence(layer(500, "input_starved:dma")) ==
        "starved input: 50 % of cycles wait for what dma has yet to produce; a faster dma, or a "
        "deeper buffer after it, would be up to 2.0 times faster");
  CHECK(sentence(layer(500, "output_blocked:vector")) ==
        "blocked output: 50 % of cycles wait until vector takes results; a faster vector, or a "
        "deeper buffer before it, would be up to 2.0 times faster");
  CHECK(sentence(layer(500, "thermal")) ==
        "thermal: 50 % of cycles are lost to it; without them it would be up to 2.0 times faster");
}

TEST_CASE("a layer that keeps the array busy is told what more PEs would bring") {
  LayerReport report = layer(970, "fill");
  // Half of 970 useful cycles: 1000 / 515. 48 MAC/B * 16 GB/s feed 768 GMAC/s, 3 times 256.
  report.macs = 4800;
  report.traffic_bytes = 100;
  CHECK(sentence(report) ==
        "array compute: array is busy for 97 % of cycles with 100 % of its PEs; twice the PEs "
        "would be up to 1.9 times faster, and DRAM bandwidth would limit it at 3.0 times the PEs");
  report.traffic_bytes = 0;
  CHECK(sentence(report).find("DRAM") == std::string::npos);
}

TEST_CASE("a layer without MACs is told about the lanes") {
  LayerReport report = layer(900, "memory_latency");
  report.macs = 0;
  report.mapping_efficiency = 0;
  report.unit = "vector";
  CHECK(sentence(report) ==
        "vector compute: vector is busy for 90 % of cycles; twice the lanes would be up to 1.8 "
        "times faster");
}

TEST_CASE("a loss is named when its end would bring as much as twice the unit") {
  // Useful 668: 1000 / 666. Lost 332: 1000 / 668. One cycle decides: 667 / 2 > 333 is false.
  CHECK(sentence(layer(668, "memory_latency")).starts_with("array compute"));
  CHECK(sentence(layer(666, "memory_latency")).starts_with("memory latency"));
}

TEST_CASE("the order of the stalls does not change the sentence") {
  LayerReport report = layer(200, "");
  report.stalls = {{"port_conflict", 400}, {"memory_latency", 400}};
  const std::string first = sentence(report);
  std::swap(report.stalls[0], report.stalls[1]);
  CHECK(sentence(report) == first);
}

TEST_CASE("layers of no time and of nothing but stalls have sentences too") {
  CHECK(sentence(LayerReport{}) == "nothing: it takes no time");
  CHECK(sentence(layer(0, "memory_latency")).find("would be faster without limit") !=
        std::string::npos);
  LayerReport report = layer(0, "memory_bandwidth");
  report.traffic_bytes = 100;
  CHECK(sentence(report) ==
        "DRAM bandwidth: 100 % of cycles wait for data; more bandwidth or larger tiles would be "
        "up to many times faster");
}
