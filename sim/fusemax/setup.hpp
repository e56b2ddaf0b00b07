// SPDX-License-Identifier: Apache-2.0
// What the figures of FuseMax (Nayak et al., MICRO 2024) are computed from: machines, models and
// the mappings that FLAT's own tool chose. The numbers are in configs/reproduce/fusemax and
// configs/arch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/describe.hpp"
#include "base/diagnostics.hpp"
#include "base/quantity.hpp"
#include "base/yaml.hpp"
#include "sim/fusemax/machine.hpp"

namespace sluice::fusemax {

struct Model {
  std::string name;
  double heads = 0;
  double embedding = 0;  ///< E = F
  double width = 0;      ///< D
  double hidden = 0;     ///< S of the feed-forward layers
  std::string source;
};

enum class Stationary : std::uint8_t { output, weight };
enum class OnChip : std::uint8_t { q, k, v, av };

/// What FLAT's tool chose for attention of some widths of heads at one length.
struct FlatMapping {
  std::vector<std::uint64_t> embeddings;
  std::uint64_t length = 0;
  std::uint64_t rows = 0;  ///< of the scores that are on the chip at once; 0: those of a head
  Stationary stationary = Stationary::output;
  std::vector<OnChip> on_chip;  ///< whole blocks, beside the scores
  bool operator==(const FlatMapping&) const = default;
};

/// Area of FuseMax with a smaller or larger array.
struct ArrayArea {
  std::uint32_t columns = 0;
  SquareMicrometres area;
};

/// The corrected accounting under a name: with `read_ports` of the buffer's ports for reads alone
/// and the others for writes alone, or (0) all of them for both.
struct Variant {
  std::string name;
  std::uint32_t read_ports = 0;
};

struct Setup {
  double batch = 0;
  std::vector<std::uint64_t> lengths;
  Machine baseline;  ///< of Unfused, FLAT and +Cascade
  Machine fusemax;   ///< of +Architecture and +Binding
  std::vector<Model> models;
  std::vector<FlatMapping> flat;
  std::uint64_t pareto_length = 0;
  std::vector<ArrayArea> pareto;
  std::vector<Variant> corrected;
};

/// Reads and checks a setup. The closed forms hold for lengths that are multiples of the array, and
/// FLAT needs a mapping for every model and length.
Setup read_setup(const YamlNode& node, Diagnostics& diagnostics);

/// The mapping of a width of heads and a length; nullptr when there is none.
const FlatMapping* flat_mapping(const std::vector<FlatMapping>& mappings, double embedding,
                                std::uint64_t length);

/// `1K`, `256K`, `1M`, as the paper names lengths; others as numbers.
std::string length_name(std::uint64_t length);

}  // namespace sluice::fusemax

template <>
struct sluice::EnumNames<sluice::fusemax::Stationary> {
  static constexpr EnumName<fusemax::Stationary> table[] = {
      {"output", fusemax::Stationary::output}, {"weight", fusemax::Stationary::weight}};
};

template <>
struct sluice::EnumNames<sluice::fusemax::OnChip> {
  static constexpr EnumName<fusemax::OnChip> table[] = {{"q", fusemax::OnChip::q},
                                                        {"k", fusemax::OnChip::k},
                                                        {"v", fusemax::OnChip::v},
                                                        {"av", fusemax::OnChip::av}};
};

namespace sluice::fusemax {

/// A machine of a setup must have prices.
void read_value(const YamlNode& node, Machine& machine, const FieldInfo& info,
                Diagnostics& diagnostics);

template <class Visitor>
void describe(Visitor& v, Model& m) {
  v.required("name", m.name, {.doc = "name in the figures"});
  v.required("heads", m.heads, {.doc = "H", .min = 1});
  v.required("embedding", m.embedding, {.doc = "E and F, of a head", .min = 1});
  v.required("width", m.width, {.doc = "D", .min = 1});
  v.required("hidden", m.hidden, {.doc = "S, of the feed-forward layers", .min = 1});
  v.required("source", m.source, {.doc = "where the numbers are from"});
}

template <class Visitor>
void describe(Visitor& v, FlatMapping& m) {
  v.required("embeddings", m.embeddings, {.doc = "widths of heads that it is of", .min = 1});
  v.required("length", m.length, {.doc = "length it is of", .min = 1});
  v.required("rows", m.rows, {.doc = "rows of scores on the chip at once; 0: those of a head"});
  v.required("stationary", m.stationary, {.doc = "what stays in the 2D array"});
  v.field("on_chip", m.on_chip, {.doc = "what is kept in whole blocks beside the scores"});
}

template <class Visitor>
void describe(Visitor& v, ArrayArea& a) {
  v.required("columns", a.columns, {.doc = "rows and columns of the 2D array", .min = 1});
  v.required("area", a.area, {.doc = "of the chip", .unit = "um^2"});
}

template <class Visitor>
void describe(Visitor& v, Variant& c) {
  v.required("name", c.name, {.doc = "name, which follows that of the design"});
  v.field("read_ports", c.read_ports, {.doc = "ports that only read; 0: every port does both"});
}

template <class Visitor>
void describe(Visitor& v, Setup& s) {
  v.required("batch", s.batch, {.doc = "B", .min = 1});
  v.required("lengths", s.lengths, {.doc = "M = P", .min = 1});
  v.required("baseline", s.baseline, {.doc = "machine of Unfused, FLAT and +Cascade"});
  v.required("fusemax", s.fusemax, {.doc = "machine of +Architecture and +Binding"});
  v.required("models", s.models, {.doc = "networks"});
  v.required("flat", s.flat, {.doc = "mappings of FLAT"});
  v.required("pareto_length", s.pareto_length, {.doc = "M = P of figure 12", .min = 1});
  v.required("pareto", s.pareto, {.doc = "areas of FuseMax by the size of its array"});
  v.field("corrected", s.corrected, {.doc = "variants of the corrected accounting"});
}

}  // namespace sluice::fusemax
