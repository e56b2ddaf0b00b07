// SPDX-License-Identifier: Apache-2.0
// A study as a page for a browser, which loads nothing: the front, how the search went, which
// parameters decide, the best designs and what holds them back. docs/pages.md describes it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dse/study/study.hpp"

namespace sluice {

/// What is shown. Refers to a study as it was read.
struct ShownStudy {
  const StudyInfo& info;
  const Sweep& sweep;
  std::span<const Trial> trials;  ///< at least one
  std::span<const ConfirmedTrial> confirmed;
};

/// The page. The best designs are evaluated again at fidelity analytic, for the roofs of their
/// machines; a design that cannot be any more is shown without. Equal studies give equal bytes.
std::string write_study_page(const ShownStudy& study, const Library& library);

}  // namespace sluice
