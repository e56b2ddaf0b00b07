// SPDX-License-Identifier: Apache-2.0
#include "cli/open_study.hpp"

namespace sluice {

OpenStudy open_study(const std::string& path, const Library& library) {
  const Study study = Study::read(path);
  OpenStudy open{study.info(), {}, study.trials(), study.confirmed()};
  open.sweep = read_sweep(parse_yaml(open.info.sweep_text, path), library);
  if (open.sweep.name.empty()) open.sweep.name = open.info.name;
  check_trials(open.sweep, open.trials, path);
  return open;
}

}  // namespace sluice
