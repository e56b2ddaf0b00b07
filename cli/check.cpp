// SPDX-License-Identifier: Apache-2.0
// `sluice check`: everything that is wrong with files.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/input.hpp"
#include "cli/streams.hpp"

namespace sluice {

int check_command(const CheckArguments& arguments, const LibraryFolders& folders) {
  std::vector<Diagnostic> mistakes;
  for (const std::string& file : arguments.files) {
    try {
      const YamlNode root = load_input(file);
      read_input(root, folders.library);
      write_output(fmt::format("{}: {} without mistakes\n", file, kind_text(kind_of(root))));
    } catch (const SpecError& error) {
      mistakes.insert(mistakes.end(), error.diagnostics().begin(), error.diagnostics().end());
    }
  }
  if (!mistakes.empty()) throw SpecError(std::move(mistakes));
  return exit_done;
}

}  // namespace sluice
