// SPDX-License-Identifier: Apache-2.0
// `sluice import`: files of other tools become files of ours.
#include <fmt/format.h>

#include "arch/energy_import.hpp"
#include "base/files.hpp"
#include "base/read.hpp"
#include "cli/commands.hpp"
#include "cli/streams.hpp"

namespace sluice {

int import_accelergy_command(const ImportAccelergyArguments& arguments) {
  const YamlNode ert = load_yaml(arguments.ert);
  std::optional<YamlNode> art;
  if (arguments.art) art = load_yaml(*arguments.art);
  Diagnostics diagnostics;
  AccelergyOptions options;
  read_value(load_yaml(arguments.map), options, {}, diagnostics);
  diagnostics.throw_if_any();
  const EnergyTable table = import_accelergy(ert, art ? &*art : nullptr, options, diagnostics);
  diagnostics.throw_if_any();
  write_file_atomic(arguments.output, to_text(table));
  write_output(fmt::format("wrote {}\n", arguments.output));
  return exit_done;
}

}  // namespace sluice
