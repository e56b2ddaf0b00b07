// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "base/yaml.hpp"
#include "tests/base/errors.hpp"
#include "tests/base/folder.hpp"

namespace sluice {
namespace {

std::string load_error(const Folder& folder, const std::string& name) {
  return folder.shortened(error_of([&] { load_yaml(folder.path(name)); }));
}

TEST_CASE("keys beside an include override it, maps key by key, anything else whole") {
  const Folder folder;
  folder.file("base.yaml", "name: base\narray: {rows: 8, columns: 8}\nsizes: [1, 2, 3]\n");
  const std::string run =
      folder.file("run.yaml", "array: {rows: 16}\ninclude: base.yaml\nsizes: [4]\nnew: 1\n");
  CHECK(to_text(load_yaml(run)) ==
        "name: base\narray:\n  rows: 16\n  columns: 8\nsizes:\n  - 4\nnew: 1\n");
}

TEST_CASE("values know the file they come from") {
  const Folder folder;
  folder.file("base.yaml", "a: 1\nb: 2\n");
  const YamlNode root = load_yaml(folder.file("run.yaml", "include: base.yaml\nb: 3\n"));
  CHECK(folder.shortened(root.find("a")->where.path) == "base.yaml");
  CHECK(folder.shortened(root.find("b")->where.path) == "run.yaml");
  CHECK(root.find("b")->where.line == 2);
}

TEST_CASE("paths count from the including file, at any depth of the tree") {
  const Folder folder;
  folder.file("parts/array.yaml", "include: ../more/size.yaml\nkind: ws\n");
  folder.file("more/size.yaml", "rows: 4\n");
  const std::string run =
      folder.file("run.yaml", "machine:\n  array:\n    include: parts/array.yaml\n");
  CHECK(to_text(load_yaml(run)) == "machine:\n  array:\n    rows: 4\n    kind: ws\n");
}

TEST_CASE("of a list of includes the later override the earlier") {
  const Folder folder;
  folder.file("a.yaml", "x: 1\ny: 1\n");
  folder.file("b.yaml", "y: 2\n");
  CHECK(to_text(load_yaml(folder.file("run.yaml", "include: [a.yaml, b.yaml]\n"))) ==
        "x: 1\ny: 2\n");
}

TEST_CASE("the same file may be included twice, side by side") {
  const Folder folder;
  folder.file("a.yaml", "x: 1\n");
  const std::string run =
      folder.file("run.yaml", "p: {include: a.yaml}\nq: {include: a.yaml, x: 2}\n");
  CHECK(to_text(load_yaml(run)) == "p:\n  x: 1\nq:\n  x: 2\n");
}

TEST_CASE("a cycle of includes is shown as a chain") {
  const Folder folder;
  folder.file("a.yaml", "include: b.yaml\n");
  folder.file("b.yaml", "x: 1\ninclude: a.yaml\n");
  CHECK(load_error(folder, "a.yaml") ==
        "b.yaml:2:10: error: files include each other in a cycle: a.yaml -> b.yaml -> a.yaml\n"
        "  include: a.yaml\n"
        "           ^\n"
        "hint: remove one of these includes");
  folder.file("self.yaml", "include: ./self.yaml\n");
  CHECK(load_error(folder, "self.yaml").find("cycle: self.yaml -> self.yaml") != std::string::npos);
}

TEST_CASE("mistakes in includes are reported at the include, all of them") {
  const Folder folder;
  folder.file("base.yaml", "a: 1\n");
  folder.file("list.yaml", "[1]\n");
  folder.file("run.yaml", "a: {include: bse.yaml}\nb: {include: list.yaml}\nc: {include: [[x]]}\n");
  CHECK(load_error(folder, "run.yaml") ==
        "run.yaml:1:14: error: 'bse.yaml': the file does not exist\n"
        "  a: {include: bse.yaml}\n"
        "               ^\n"
        "hint: did you mean 'base.yaml'?\n"
        "run.yaml:2:14: error: the included file 'list.yaml' holds no map\n"
        "  b: {include: list.yaml}\n"
        "               ^\n"
        "run.yaml:3:15: error: the name of a file is expected after 'include'\n"
        "  c: {include: [[x]]}\n"
        "                ^\n"
        "hint: write include: other.yaml");
}

TEST_CASE("a syntax error in an included file is reported in that file") {
  const Folder folder;
  folder.file("bad.yaml", "a: [1\n");
  folder.file("run.yaml", "include: bad.yaml\n");
  CHECK(load_error(folder, "run.yaml").starts_with("bad.yaml:1:4: error: the list that '['"));
}

TEST_CASE("includes as deep as the limit are read, one deeper is an error") {
  const Folder folder;
  for (int i = 0; i < 17; ++i)
    folder.file(std::to_string(i) + ".yaml", "include: " + std::to_string(i + 1) + ".yaml\n");
  folder.file("17.yaml", "a: 1\n");
  CHECK(load_error(folder, "1.yaml") == "no error");  // 1 includes 2 ... 17: 16 deep
  CHECK(load_error(folder, "0.yaml") ==
        "16.yaml:1:10: error: files include each other more than 16 deep here\n"
        "  include: 17.yaml\n"
        "           ^");
}

TEST_CASE("includes that multiply end at the limit of values") {
  const Folder folder;
  for (int i = 0; i < 16; ++i) {
    const std::string next = std::to_string(i + 1) + ".yaml}\n";
    folder.file(std::to_string(i) + ".yaml",
                "a: {include: " + next + "b: {include: " + next + "c: {include: " + next);
  }
  folder.file("16.yaml", "x: 1\n");
  const YamlLimits limits{.nodes = 2000};
  const std::string text = error_of([&] { load_yaml(folder.path("0.yaml"), limits); });
  CHECK(text.find("values") != std::string::npos);
}

TEST_CASE("a missing file is an error with the nearest name in its folder") {
  const Folder folder;
  folder.file("resnet50.yaml", "a: 1\n");
  CHECK(load_error(folder, "resnet5.yaml") ==
        "resnet5.yaml: error: the file does not exist\nhint: did you mean 'resnet50.yaml'?");
  CHECK(load_error(folder, "sub/a.yaml").find("hint: there is no folder '") != std::string::npos);
  CHECK(load_error(folder, "other.json") == "other.json: error: the file does not exist");
}

TEST_CASE("a folder is not a file") {
  const Folder folder;
  folder.file("sub/a.yaml", "a: 1\n");
  CHECK(load_error(folder, "sub") ==
        "sub: error: this is a folder, a file is expected\nhint: name a file in it");
}

}  // namespace
}  // namespace sluice
