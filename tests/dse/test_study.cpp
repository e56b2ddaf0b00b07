// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <fstream>

#include "dse/study/study.hpp"
#include "tests/base/folder.hpp"

namespace sluice {
namespace {

const StudyInfo info = {"name", "0.1.0", "a: 1\n", 0xfedcba9876543210u, "random", "", 7, 32};

std::string study_error(const std::string& path) {
  try {
    Study::read(path).info();
  } catch (const StudyError& error) {
    return error.what();
  }
  return "no error";
}

const std::vector<Trial> samples = {
    {0,
     0,
     {{1, inactive, 3}},
     {TrialStatus::ok, "", {1, 0.1, 2, 3, 4, 5, 6, 7, 8}, "DRAM", {{"fill", 3}}}},
    {1, 0, {{0, 2, 1}}, {TrialStatus::infeasible, "too \"large\"", {}, "", {}}}};

TEST_CASE("a study keeps what was added") {
  const Folder folder;
  const std::string path = folder.path("s.sqlite");
  {
    Study study = Study::open(path, info);
    CHECK(study.size() == 0);
    study.add(samples);
  }
  const Study again = Study::open(path, {});
  CHECK(again.info() == info);
  CHECK(again.size() == 2);
  CHECK(again.trials() == samples);
}

TEST_CASE("some trials are read by their numbers") {
  const Folder folder;
  Study study = Study::open(folder.path("s.sqlite"), info);
  study.add(samples);
  CHECK(study.trials(0, 1) == std::vector<Trial>{samples[0]});
  CHECK(study.trials(1, 9) == std::vector<Trial>{samples[1]});
  CHECK(study.trials(2, 9).empty());
}

TEST_CASE("a batch is added whole or not at all") {
  const Folder folder;
  Study study = Study::open(folder.path("s.sqlite"), info);
  study.add({samples[0]});
  CHECK_THROWS_AS(study.add(samples), StudyError);  // trial 0 is there already
  CHECK(study.trials() == std::vector<Trial>{samples[0]});
}

TEST_CASE("a second writer is told so") {
  const Folder folder;
  const std::string path = folder.path("s.sqlite");
  const Study first = Study::open(path, info);
  std::string text;
  try {
    Study::open(path, info);
  } catch (const StudyError& error) {
    text = error.what();
  }
  CHECK(text == path + ": another process is writing to it");
}

TEST_CASE("a study is read while it is written") {
  const Folder folder;
  const std::string path = folder.path("s.sqlite");
  Study writer = Study::open(path, info);
  const Study reader = Study::read(path);
  CHECK(reader.trials().empty());
  writer.add({samples[0]});
  CHECK(reader.trials() == std::vector<Trial>{samples[0]});
  writer.add({samples[1]});
  CHECK(reader.trials() == samples);
}

TEST_CASE("what a study is about may be said anew") {
  const Folder folder;
  const std::string path = folder.path("s.sqlite");
  StudyInfo other = info;
  other.sweep_text = "a: 2\n";
  {
    Study study = Study::open(path, info);
    study.describe(other);
  }
  CHECK(Study::read(path).info() == other);
}

TEST_CASE("what is no study is told so") {
  const Folder folder;
  const std::string path = folder.path("s.sqlite");
  CHECK(study_error(path) == path + ": it cannot be opened");
  std::ofstream(path) << "this is a text that is long enough to be looked at by the library\n";
  CHECK(study_error(path) == path + ": this is no study");
}

TEST_CASE("differences are named with both values") {
  StudyInfo other = info;
  other.seed = 8;
  other.sweep_hash = 1;
  other.sluice_version = "0.2.0";
  CHECK(differences(info, other) ==
        std::vector<std::string>{
            "the space, the experiment, the objectives or the fidelity are others",
            "version of sluice: 0.1.0 in the study, 0.2.0 now", "seed: 7 in the study, 8 now"});
  CHECK(differences(info, info).empty());
}

TEST_CASE("what changed of a space is named by its path") {
  StudyInfo before = info, now = info;
  before.sweep_text = "parameters: {a: {choices: [1, 2]}, b: {boolean: true}}\nsearch: {seed: 1}\n";
  now.sweep_text = "parameters: {a: {choices: [1, 3]}, c: {boolean: true}}\nsearch: {seed: 2}\n";
  now.sweep_hash = 1;
  CHECK(differences(before, now) ==
        std::vector<std::string>{"parameters.a.choices: [1, 2] in the study, [1, 3] now",
                                 "parameters.b: {boolean: true} in the study, absent now",
                                 "parameters.c: absent in the study, {boolean: true} now"});
}

TEST_CASE("closer looks are kept, one a trial and fidelity") {
  const Folder folder;
  Study study = Study::open(folder.path("s.sqlite"), info);
  study.add(samples);
  const std::vector<ConfirmedTrial> looks = {{0, "tile", samples[0].result},
                                             {1, "tile", samples[1].result}};
  study.confirm(looks);
  CHECK(study.confirmed() == looks);
  CHECK_THROWS_AS(study.confirm({looks[1]}), StudyError);
  CHECK(study.confirmed() == looks);
  CHECK(study.count("ok") == 1);
}

TEST_CASE("a study of another format and a damaged one are told so") {
  const Folder folder;
  const std::string path = folder.path("s.sqlite");
  {
    Study study = Study::open(path, info);
    std::vector<Trial> many;
    for (std::uint64_t i = 0; i < 2000; ++i) {
      many.push_back(samples[1]);
      many.back().number = i;
    }
    study.add(many);
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(16384);
  file << std::string(65536, 'x');
  file.close();
  std::string text;
  try {
    Study::read(path).trials();
  } catch (const StudyError& error) {
    text = error.what();
  }
  CHECK(text == path + ": the file is damaged");
}

}  // namespace
}  // namespace sluice
