// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "base/files.hpp"
#include "tests/base/errors.hpp"
#include "tests/base/folder.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

std::string write_error(const std::string& path, std::string_view text) {
  try {
    write_file_atomic(path, text);
  } catch (const FileError& error) {
    return error.what();
  }
  return "no error";
}

std::size_t files_in(const std::string& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder)) ++count;
  return count;
}

TEST_CASE("a file comes back as it was written, in folders made on the way") {
  const Folder folder;
  const std::string text("a\0b\n", 4);
  write_file_atomic(folder.path("x/y/z.txt"), text);
  CHECK(read_file(folder.path("x/y/z.txt"), 4) == text);
  write_file_atomic(folder.path("x/y/z.txt"), "new");
  CHECK(read_file(folder.path("x/y/z.txt"), 4) == "new");
  CHECK(files_in(folder.path("x/y")) == 1);
}

TEST_CASE("a file may be written in pieces, all of them or none") {
  const Folder folder;
  const std::string path = folder.path("a");
  write_file_atomic(path, [](const WritePiece& write) {
    write("one ");
    write("two");
  });
  CHECK(read_file(path, 7) == "one two");
  const auto fail = [](const WritePiece& write) {
    write("three");
    throw 3;
  };
  CHECK_THROWS_AS(write_file_atomic(path, fail), int);
  CHECK(read_file(path, 7) == "one two");
  CHECK(files_in(folder.path(".")) == 1);
}

TEST_CASE("a new file has the usual mode, a replaced file keeps its own") {
  const Folder folder;
  const std::string path = folder.path("a");
  const mode_t mask = ::umask(022);
  write_file_atomic(path, "1");
  CHECK((fs::status(path).permissions() & fs::perms::mask) == fs::perms(0644));
  fs::permissions(path, fs::perms(0600));
  write_file_atomic(path, "2");
  CHECK((fs::status(path).permissions() & fs::perms::mask) == fs::perms(0600));
  ::umask(mask);
}

TEST_CASE("a link stays and leads to the new file, and a device is written to") {
  const Folder folder;
  folder.file("real", "old");
  fs::create_symlink("real", folder.path("link"));
  write_file_atomic(folder.path("link"), "new");
  CHECK(fs::is_symlink(folder.path("link")));
  CHECK(read_file(folder.path("real"), 3) == "new");
  fs::create_symlink("/dev/null", folder.path("null"));
  write_file_atomic(folder.path("null"), "x");
  CHECK(fs::is_character_file(folder.path("null")));
  fs::create_symlink("/dev/full", folder.path("full"));
  CHECK(folder.shortened(write_error(folder.path("full"), "x")) ==
        "cannot write 'full': No space left on device");
  CHECK(files_in(folder.path(".")) == 4);
}

TEST_CASE("a file of exactly the limit is read, one byte more is an error with both sizes") {
  const Folder folder;
  folder.file("a", std::string(100, 'x'));
  CHECK(read_file(folder.path("a"), 100).size() == 100);
  CHECK(folder.shortened(error_of([&] { read_file(folder.path("a"), 99); })) ==
        "a: error: the file holds 100 bytes, at most 99 bytes are read");
}

TEST_CASE("a file of 100 MB is refused by its size alone") {
  const Folder folder;
  folder.file("a", "");
  fs::resize_file(folder.path("a"), 100'000'000);  // sparse
  CHECK(folder.shortened(error_of([&] { read_file(folder.path("a"), 16u << 20); })) ==
        "a: error: the file holds 95.37 MiB (100000000 bytes), at most 16 MiB (16777216 bytes) are "
        "read");
}

TEST_CASE("a device without end is read up to the limit") {
  CHECK(error_of([] { read_file("/dev/zero", 1000); }) ==
        "/dev/zero: error: the file holds more, at most 1000 bytes are read");
}

TEST_CASE("the name of a file is what follows the last slash") {
  CHECK(file_name("a/b/c.yaml") == "c.yaml");
  CHECK(file_name("c.yaml") == "c.yaml");
  CHECK(file_name("a\\b.csv") == "b.csv");
  CHECK(file_name("a/") == "");
}

TEST_CASE("a file that cannot be written is an error with the system's reason") {
  const Folder folder;
  folder.file("file", "old");
  CHECK(folder.shortened(write_error(folder.path("file/below"), "x")) ==
        "cannot create the folder 'file': Not a directory");
  fs::create_directory(folder.path("sub"));
  CHECK(folder.shortened(write_error(folder.path("sub"), "x")) ==
        "cannot write 'sub': Is a directory");
  CHECK(
      write_error("/proc/sluice/a", "x").starts_with("cannot create the folder '/proc/sluice': "));
}

TEST_CASE("when the disk is full, the old file stays and nothing else is left") {
  const Folder folder;
  const std::string path = folder.file("a", "old");
  // The limit of file size stands for the disk: write() fails the same way.
  ::rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const ::rlimit small{1000, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string error = write_error(path, std::string(5000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(folder.shortened(error) == "cannot write 'a': File too large");
  CHECK(read_file(path, 10) == "old");
  CHECK(files_in(fs::path(path).parent_path()) == 1);
}

}  // namespace
}  // namespace sluice
