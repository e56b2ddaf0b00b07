// SPDX-License-Identifier: Apache-2.0
#include "cli/library.hpp"

#include <filesystem>

#include "base/diagnostics.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr const char* networks = "workloads/library";

bool is_library(const fs::path& root) {
  std::error_code error;
  return fs::is_directory(root / networks, error);
}

LibraryFolders folders_of(const fs::path& root) {
  return {{{(root / networks).string()}, {(root / "arch/tables").string()}},
          {(root / "configs/arch").string()},
          {(root / "configs/cascades").string()},
          {(root / "configs/reproduce").string()}};
}

}  // namespace

LibraryFolders find_library(const std::optional<std::string>& root) {
  if (root) {
    if (is_library(*root)) return folders_of(*root);
    throw SpecError({{{.path = "--library"},
                      "there is no library in " + quote(*root),
                      std::string("a library has the folders ") + networks +
                          ", arch/tables and configs/arch"}});
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path installed = program.parent_path().parent_path() / "share/sluice";
  return folders_of(!error && is_library(installed) ? installed : fs::path(SLUICE_SOURCE_DIR));
}

}  // namespace sluice
