// SPDX-License-Identifier: Apache-2.0
// The fields of a hierarchy in a map file, from which come reading, writing and the schema.
#pragma once

#include "base/describe.hpp"
#include "mapper/nest/counts.hpp"
#include "mapper/nest/hierarchy.hpp"

namespace sluice {

template <>
struct EnumNames<CountConvention> {
  static constexpr EnumName<CountConvention> table[] = {
      {"sluice", CountConvention::sluice},
      {"timeloop", CountConvention::timeloop},
      {"accelforge", CountConvention::accelforge},
  };
};

template <class Visitor>
void describe(Visitor& v, FanOutAxis& axis) {
  v.required("axis", axis.name, {.doc = "its name, such as X"});
  v.required("size", axis.size, {.doc = "instances side by side", .min = 1});
  v.field("separate", axis.separate,
          {.doc = "tensors that are neither multicast nor reduced along it"});
}

template <class Visitor>
void describe(Visitor& v, TensorBits& bits) {
  v.required("tensor", bits.tensor, {.doc = "name of the tensor"});
  v.required("bits", bits.bits, {.doc = "of an element", .min = 1, .max = 1024});
}

template <class Visitor>
void describe(Visitor& v, NestLevel& level) {
  v.required("name", level.name, {.doc = "its name"});
  v.field("capacity_bits", level.capacity_bits, {.doc = "of an instance; 0: without bound"});
  v.field("word_bits", level.word_bits, {.doc = "of a word", .min = 1, .max = 65536});
  v.field("block", level.block, {.doc = "words of an access", .unit = "words", .min = 1});
  v.field("read_bandwidth", level.read_bandwidth,
          {.doc = "of an instance; 0: never limits", .unit = "words/cycle"});
  v.field("write_bandwidth", level.write_bandwidth,
          {.doc = "of an instance; 0: never limits", .unit = "words/cycle"});
  v.field("shared_bandwidth", level.shared_bandwidth,
          {.doc = "reads and writes together; 0: never limits", .unit = "words/cycle"});
  v.field("read_pj", level.read_pj, {.doc = "energy of a read access", .unit = "pJ"});
  v.field("write_pj", level.write_pj, {.doc = "energy of a fill access", .unit = "pJ"});
  v.field("update_pj", level.update_pj, {.doc = "energy of an update access", .unit = "pJ"});
  v.field("leak_pj", level.leak_pj, {.doc = "of an instance in a cycle", .unit = "pJ"});
  v.field("double_buffered", level.double_buffered, {.doc = "every tile is held twice"});
  v.field("cluster", level.cluster, {.doc = "instances whose accesses share a block", .min = 1});
  v.field("keeps", level.keeps, {.doc = "tensors that it may keep; none listed: all"});
  v.field("units", level.units, {.doc = "compute units below it; none listed: all"});
  v.field("bits", level.bits, {.doc = "of tensors that have other widths here"});
  v.field("fan_out", level.fan_out, {.doc = "instances of what lies below, axis by axis"});
}

template <class Visitor>
void describe(Visitor& v, NestCompute& compute) {
  v.field("name", compute.name, {.doc = "its name"});
  v.field("pj", compute.pj, {.doc = "energy of an operation", .unit = "pJ"});
  v.field("latch", compute.latch, {.doc = "has a register for an operand that stays the same"});
}

template <class Visitor>
void describe(Visitor& v, Hierarchy& hierarchy) {
  v.field("name", hierarchy.name, {.doc = "name of the machine"});
  v.required("levels", hierarchy.levels, {.doc = "memories and fan-outs, from the outermost"});
  v.field("compute", hierarchy.compute, {.doc = "what is below the innermost level"});
  v.field("units", hierarchy.units, {.doc = "more compute units, for Einsums bound to them"});
}

}  // namespace sluice
