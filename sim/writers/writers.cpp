// SPDX-License-Identifier: Apache-2.0
// The table of writers. Each `describe_<name>` stands in the writer's own file.
#include "sim/writers/writers.hpp"

namespace sluice {

#define SLUICE_WRITER(name, extension, input) Descriptor describe_##name();
#include "sim/writers/writers.def"
#undef SLUICE_WRITER

std::vector<WriterFormat> writer_formats() {
  return {
#define SLUICE_WRITER(name, extension, input) {#name, extension, WriterInput::input},
#include "sim/writers/writers.def"
#undef SLUICE_WRITER
  };
}

std::vector<Descriptor> writer_descriptors() {
  return {
#define SLUICE_WRITER(name, extension, input) describe_##name(),
#include "sim/writers/writers.def"
#undef SLUICE_WRITER
  };
}

}  // namespace sluice
