// SPDX-License-Identifier: Apache-2.0
// What is said of Timeloop files with mistakes in them.
#include <doctest/doctest.h>

#include "mapper/importers/timeloop.hpp"

namespace sluice {
namespace {

const std::string good = R"(problem:
  version: 0.4
  shape:
    name: gemm
    dimensions: [M, K]
    data_spaces:
      - {name: A, projection: [[[M]], [[K]]]}
      - {name: Z, projection: [[[M]]], read_write: true}
  instance: {M: 4, K: 6}
architecture:
  nodes:
    - !Component {name: DRAM, class: DRAM, attributes: {datawidth: 8}}
    - !Container {name: PE, spatial: {meshX: 2}}
    - !Component {name: RF, class: regfile, attributes: {datawidth: 8, depth: 16}}
    - !Component {name: MAC, class: mac}
mapping:
  - {target: DRAM, type: temporal, factors: M=2 K=2, permutation: KM}
  - {target: PE, type: spatial, factors: M=2}
  - {target: RF, type: temporal, factors: K=3}
)";

/// `line:column: message | hint` of every mistake, a line each.
std::string mistakes(const std::string& text) {
  std::string list;
  try {
    const YamlNode file = parse_timeloop(text, "t.yaml");
    import_timeloop({file, file, file, {}});
  } catch (const SpecError& error) {
    for (const Diagnostic& d : error.diagnostics())
      list += (list.empty() ? "" : "\n") + std::to_string(d.where.line) + ":" +
              std::to_string(d.where.column) + ": " + d.message +
              (d.hint.empty() ? "" : " | " + d.hint);
  }
  return list;
}

std::string with(const std::string& from, const std::string& to) {
  std::string text = good;
  const std::size_t at = text.find(from);
  REQUIRE(at != text.npos);
  return mistakes(text.replace(at, from.size(), to));
}

}  // namespace

TEST_CASE("a file without mistakes has none") { CHECK(mistakes(good).empty()); }

TEST_CASE("templates are an error that says what to do") {
  CHECK(with("meshX: 2", "meshX: {{ columns }}") ==
        "13:46: this is a template of Jinja2, which is not filled in here | let timeloopfe "
        "write the file out first, and import the result");
  CHECK(with("mapping:", "{% if x %}\nmapping:").starts_with("16:1: this is a template"));
  CHECK(with("mapping:", "# {{ a comment }}\nmapping:").empty());
}

TEST_CASE("mistakes of the problem are told at their place") {
  CHECK(with("M: 4, K: 6", "M: 4, K: 2 * 3") ==
        "9:23: K is '2 * 3', a whole number from 1 on is expected | formulas are not "
        "computed: write the number");
  CHECK(with("M: 4, K: 6", "M: 4") == "9:13: the size of dimension 'K' is missing");
  CHECK(with("K: 6", "K: 6, L: 2") ==
        "9:26: there is no dimension or coefficient 'L' | known: M, K");
  CHECK(with("K: 6", "K: 6, densities: {A: 0.5}") ==
        "9:26: densities are not read: all tensors are dense");
  CHECK(with("[[M]], [[K]]", "[[M]], [[K, J]]") ==
        "7:44: there is no dimension or coefficient 'J' | known: M, K");
  CHECK(with("[[M]], [[K]]", "[[M, K]]") ==
        "7:33: a product has 2 dimensions, one is expected | sums are lists of products: "
        "[[P], [R]] is p + r");
  CHECK(with(", read_write: true", "") == "7:7: 0 data spaces have read_write, one is expected");
  CHECK(with("[M, K]", "[M, K, m]")
            .starts_with("5:24: two dimensions are called m but for capitals"));
  CHECK(with("dimensions: [M, K]", "dimension: [M, K]").find("did you mean 'dimensions'?") !=
        std::string::npos);
  CHECK(with("problem:", "probem:") ==
        "0:0: the key 'problem' is missing\n"
        "1:1: unknown key 'probem' | did you mean 'problem'?\n"
        "1:1: unknown key 'probem' | did you mean 'problem'?");
}

TEST_CASE("mistakes of the architecture are told at their place") {
  CHECK(with("!Container", "!Contaner") ==
        "13:7: nodes !Contaner are not read | known: !Container, !Component, !Parallel, "
        "!Hierarchical");
  CHECK(with("class: regfile", "class: noc") ==
        "14:36: the class of 'RF' is 'noc', which is neither a memory nor what computes | "
        "memories: DRAM, SRAM, regfile, register, buffer, storage; compute: mac, compute, "
        "alu, adder, multiplier");
  CHECK(with("{datawidth: 8, depth: 16}", "{depth: 16}") ==
        "14:7: the datawidth of 'RF' is missing");
  CHECK(with("{datawidth: 8, depth: 16}", "{datawidth: 8, width: 20}") ==
        "14:7: the width of 'RF' is 20 bits, which 1 words of 8 bits do not fill evenly");
  CHECK(with("    - !Component {name: MAC, class: mac}\n", "") ==
        "12:5: there is no component that computes | its class has to hold mac, compute, "
        "alu, adder or multiplier");
  CHECK(with("name: RF", "name: DRAM") == "14:25: two nodes are called 'DRAM'");
  CHECK(with("meshX: 2", "meshZ: 2")
            .starts_with("13:39: unknown key 'meshZ' | did you mean 'meshX'?"));
  CHECK(with("    - !Component {name: DRAM, class: DRAM, attributes: {datawidth: 8}}\n", "") ==
        "12:38: there is a fan-out outside of the outermost memory");
}

TEST_CASE("mistakes of the mapping are told at their place") {
  CHECK(with("factors: K=3", "factors: K=2") == "17:3: the factors of K multiply to 4, it has 6");
  CHECK(with("factors: K=3", "factors: \"K=4,2\"").empty());
  CHECK(with("factors: K=3", "factors: K3") == "19:43: a factor is 'K3', such as P=16 is expected");
  CHECK(with("factors: K=3", "factors: K=0") ==
        "19:43: a factor is '0', a number from 1 on is expected | a last pass that has "
        "fewer is written P=16,5");
  CHECK(with("target: RF", "target: RG") ==
        "19:14: there is no node 'RG' | known: DRAM, MAC, PE, RF");
  CHECK(with("target: PE, type: spatial", "target: RF, type: spatial") ==
        "18:14: 'RF' has one instance, nothing fans out to it | the target of a spatial "
        "entry is the node with meshX or meshY");
  CHECK(with("M=2 K=2, permutation: KM", "M=2 K=2") ==
        "17:5: the order of M, K is not stated | permutation names them from the innermost "
        "to the outermost");
  CHECK(with("target: PE, type: spatial", "target: PE, type: spatial, split: 0") ==
        "18:14: M lies along Y, where 'PE' has one instance | split says how many of the "
        "permutation lie along X");
  CHECK(with("target: PE, type: spatial", "target: PE, type: temporal") ==
        "18:14: 'PE' is no memory");
}

TEST_CASE("a diagonal that Timeloop would serve together is noted") {
  std::string text = R"(problem:
  version: 0.4
  shape:
    name: conv
    dimensions: [P, R]
    data_spaces:
      - {name: I, projection: [[[P], [R]]]}
      - {name: W, projection: [[[R]]]}
      - {name: O, projection: [[[P]]], read_write: true}
  instance: {P: 3, R: 3}
architecture:
  nodes:
    - !Component {name: GB, class: SRAM, attributes: {datawidth: 8}}
    - !Container {name: PE, spatial: {meshX: 3, meshY: 3}}
    - !Component {name: RF, class: regfile, attributes: {datawidth: 8}}
    - !Component {name: MAC, class: mac}
mapping:
  - {target: GB, type: temporal, factors: []}
  - {target: PE, type: spatial, factors: P=3 R=3, permutation: PR, split: 1}
  - {target: RF, type: temporal, factors: []}
)";
  const YamlNode file = parse_timeloop(text, "t.yaml");
  CHECK(import_timeloop({file, file, file, {}}).notes ==
        std::vector<std::string>{
            "PE: lanes that need the same words of I along a diagonal of R and P are served "
            "together by Timeloop, and here each by itself"});
}

}  // namespace sluice
