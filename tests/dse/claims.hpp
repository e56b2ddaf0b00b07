// SPDX-License-Identifier: Apache-2.0
// Claim files for tests: their head, and a small table of published numbers beside them.
#pragma once

#include <string>

#include "base/yaml.hpp"
#include "dse/reproduce/writers.hpp"
#include "tests/base/errors.hpp"

namespace sluice {

inline const std::string head =
    "paper: fusemax\n"
    "title: A paper\n"
    "source: nowhere\n";

inline const std::string table =
    "figure,model,seq_len,design,metric,value,source\n"
    "f,net,1K,ours,latency_s,2.0,x\n"
    "f,net,4K,ours,latency_s,4.0,x\n"
    "g,net,1K,ours,share,0,x\n"
    "g,net,1K,ours,mapping,gran=row,x\n";

/// The claims of a text, beside a table of published numbers.
inline ClaimFile claims_of(const std::string& claims, const std::string& rest = "") {
  ClaimFile file = read_claims(parse_yaml(head + "claims:\n" + claims + rest, "c.yaml"));
  file.published = read_published(table, "p.csv");
  return file;
}

inline std::string claims_error(const std::string& text) {
  return error_of([&] { read_claims(parse_yaml(text, "c.yaml")); });
}

inline ComputedPoint point(const std::string& figure, const std::string& length,
                           const std::string& metric, double value) {
  return {{figure, "net", length, "ours", metric}, value};
}

}  // namespace sluice
