// SPDX-License-Identifier: Apache-2.0
// `sluice report`: a study as a page.
#include <filesystem>

#include "base/files.hpp"
#include "cli/commands.hpp"
#include "cli/open_study.hpp"
#include "cli/streams.hpp"
#include "dse/page/study_page.hpp"

namespace sluice {

int report_command(const ReportArguments& arguments, const LibraryFolders& folders) {
  const std::string path = arguments.output.value_or(
      std::filesystem::path(arguments.study).replace_extension(".html").string());
  if (path == arguments.study)
    throw SpecError({{{.path = "sluice report"},
                      "the page would replace the study",
                      "name another file: -o FILE"}});
  const OpenStudy study = open_study(arguments.study, folders.library);
  const std::vector<Trial> trials = trials_of(study);
  if (trials.empty())
    throw SpecError({{{.path = arguments.study},
                      "the study has no trials",
                      "`sluice sweep` with its sweep file goes on with it"}});
  write_file_atomic(
      path, write_study_page({study.info, study.sweep, trials, study.confirmed}, folders.library));
  if (!arguments.quiet) write_output("wrote " + path + "\n");
  return exit_done;
}

}  // namespace sluice
