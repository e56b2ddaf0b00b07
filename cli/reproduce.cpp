// SPDX-License-Identifier: Apache-2.0
// `sluice reproduce`: the figures of a paper, computed and held against what was published.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/files.hpp"
#include "cli/commands.hpp"
#include "cli/input.hpp"
#include "cli/streams.hpp"
#include "dse/reproduce/writers.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

/// The claim files of the library by their names.
std::vector<std::pair<std::string, std::string>> claim_files(const LibraryFolders& folders) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const std::string& folder : folders.papers) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error))
      if (entry->path().extension() == ".yaml")
        files.emplace_back(entry->path().stem().string(), entry->path().string());
  }
  std::ranges::sort(files);
  return files;
}

std::string find_file(const std::string& paper, const LibraryFolders& folders) {
  if (paper.ends_with(".yaml")) return paper;
  std::vector<std::string> known;
  for (const auto& [name, path] : claim_files(folders)) {
    if (name == paper) return path;
    known.push_back(name);
  }
  throw SpecError({{{.path = "sluice reproduce"},
                    "there is no paper " + quote(paper),
                    suggestion(paper, known)}});
}

int list_papers(const LibraryFolders& folders) {
  const auto files = claim_files(folders);
  std::size_t width = 0;
  for (const auto& [name, path] : files) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, path] : files) {
    const ClaimFile file = read_claims(load_yaml(path));
    text += fmt::format("{:<{}}  {} ({} claims)\n", name, width, file.title, file.claims.size());
  }
  write_output(text);
  return exit_done;
}

}  // namespace

int reproduce_command(const ReproduceArguments& arguments, const LibraryFolders& folders) {
  if (arguments.paper.empty()) return list_papers(folders);
  const ClaimFile file =
      read_claims(load_input(find_file(arguments.paper, folders), arguments.settings));
  const Comparison comparison = compare(file, compute_points(file, folders.library));
  const bool standard = arguments.csv == "-";
  std::string paths;
  const auto write = [&](const std::string& path, const std::string& text) {
    write_file_atomic(path, text);
    paths += fmt::format("wrote {}\n", path);
  };
  if (arguments.csv && !standard) write(*arguments.csv, comparison_csv(comparison));
  if (arguments.html) write(*arguments.html, comparison_page(file, comparison));
  const int code = comparison.holds() ? exit_done : exit_failed;
  if (standard) write_output(comparison_csv(comparison));
  if (arguments.quiet) return code;
  if (standard)
    write_error(paths);
  else
    write_output(comparison_text(file, comparison, output_terminal().width) + paths);
  return code;
}

}  // namespace sluice
