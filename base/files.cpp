// SPDX-License-Identifier: Apache-2.0
#include "base/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/quantity.hpp"
#include "base/sorted_set.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

std::string reason(int error) { return std::generic_category().message(error); }

[[noreturn]] void fail(std::string_view action, std::string_view path, int error) {
  throw FileError(fmt::format("cannot {} '{}': {}", action, path, reason(error)));
}

FileProblem missing_file(const fs::path& path) {
  std::error_code error;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, error))
    return {"the file does not exist", fmt::format("there is no folder '{}'", folder.string())};
  std::vector<std::string> names;
  constexpr std::size_t most = 10000;
  for (fs::directory_iterator it(folder, error), end; !error && it != end && names.size() < most;
       it.increment(error))
    names.push_back(it->path().filename().string());
  std::sort(names.begin(), names.end());
  const std::string near = nearest(path.filename().string(), names);
  if (near.empty()) return {"the file does not exist", {}};
  const fs::path meant = path.has_parent_path() ? path.parent_path() / near : fs::path(near);
  return {"the file does not exist", fmt::format("did you mean '{}'?", meant.string())};
}

FileProblem too_large(std::string_view size, std::size_t limit) {
  return {fmt::format("the file holds {}, at most {} are read", size, size_text(limit)), {}};
}

void write_all(int descriptor, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ::ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", path, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// A pipe or a device is written to, never replaced.
void write_through(const std::string& path, const std::function<void(const WritePiece&)>& produce) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) fail("write", path, errno);
  try {
    produce([&](std::string_view piece) { write_all(descriptor, piece, path); });
  } catch (...) {
    ::close(descriptor);
    throw;
  }
  if (::close(descriptor) != 0) fail("write", path, errno);
}

// A file that is only there while it is written; commit() makes it the real one.
class Draft {
 public:
  explicit Draft(const std::string& path)
      : target_(path), path_(path + ".XXXXXX"), descriptor_(::mkstemp(path_.data())) {
    if (descriptor_ < 0) fail("create a file beside", target_, errno);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!committed_) ::unlink(path_.c_str());
  }

  void write(std::string_view text) { write_all(descriptor_, text, target_); }

  void commit(mode_t mode) {
    if (::fchmod(descriptor_, mode) != 0 || ::fsync(descriptor_) != 0)
      fail("write", target_, errno);
    const int closed = ::close(descriptor_);
    descriptor_ = -1;
    if (closed != 0) fail("write", target_, errno);
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail("write", target_, errno);
    committed_ = true;
  }

 private:
  std::string target_;
  std::string path_;
  int descriptor_;
  bool committed_ = false;
};

// The mode of the file that is replaced, or that of a new file.
mode_t mode_for(const std::string& path) {
  struct ::stat status {};
  if (::stat(path.c_str(), &status) == 0) return status.st_mode & 0777u;
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666u & ~mask;
}

// Makes the rename last; a folder that cannot be synced is no reason to fail.
void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

std::string file_name(std::string_view path) {
  return std::string(path.substr(path.find_last_of("/\\") + 1));
}

std::string size_text(std::size_t bytes) {
  const std::string exact = fmt::format("{} bytes", bytes);
  if (bytes < 1024) return exact;
  const std::size_t unit = bytes < (std::size_t{1} << 20) ? 10 : 20;
  const double scaled = static_cast<double>(bytes) / static_cast<double>(std::size_t{1} << unit);
  return fmt::format("{:.4g} {} ({})", scaled, unit == 10 ? "KiB" : "MiB", exact);
}

std::variant<std::string, FileProblem> try_read_file(const std::string& path, std::size_t limit) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return missing_file(path);
  if (error) return FileProblem{fmt::format("cannot be read: {}", error.message()), {}};
  if (fs::is_directory(status))
    return FileProblem{"this is a folder, a file is expected", "name a file in it"};
  if (fs::is_regular_file(status)) {
    const auto size = fs::file_size(path, error);
    if (!error && size > limit) return too_large(size_text(size), limit);
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return FileProblem{fmt::format("cannot be read: {}", reason(errno)), {}};
  std::string text;
  char block[1 << 16];
  while (file.read(block, sizeof block) || file.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(file.gcount()));
    if (text.size() > limit) return too_large("more", limit);
  }
  if (file.bad()) return FileProblem{fmt::format("cannot be read: {}", reason(errno)), {}};
  return text;
}

std::string read_file(const std::string& path, std::size_t limit) {
  auto text = try_read_file(path, limit);
  if (auto* problem = std::get_if<FileProblem>(&text))
    throw SpecError({{{.path = path}, std::move(problem->message), std::move(problem->hint)}});
  return std::get<std::string>(std::move(text));
}

std::vector<std::string> file_stems(const std::vector<std::string>& folders,
                                    std::string_view extension) {
  std::vector<std::string> names;
  for (const std::string& folder : folders) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error))
      if (entry->path().extension() == extension) names.push_back(entry->path().stem().string());
  }
  sort_unique(names);
  return names;
}

void write_file_atomic(const std::string& path, std::string_view text) {
  write_file_atomic(path, [&](const WritePiece& write) { write(text); });
}

void write_file_atomic(const std::string& path,
                       const std::function<void(const WritePiece&)>& produce) {
  const fs::path folder = fs::path(path).parent_path();
  std::error_code error;
  if (!folder.empty()) fs::create_directories(folder, error);
  if (error)
    throw FileError(
        fmt::format("cannot create the folder '{}': {}", folder.string(), error.message()));
  fs::path target = path;
  if (fs::is_symlink(path, error)) target = fs::canonical(path, error);
  if (error) target = path;  // a link to nowhere is replaced
  if (fs::is_directory(target, error)) fail("write", path, EISDIR);
  if (fs::exists(target, error) && !fs::is_regular_file(target, error))
    return write_through(path, produce);
  Draft draft(target.string());
  produce([&](std::string_view piece) { draft.write(piece); });
  draft.commit(mode_for(target.string()));
  sync_folder(target.has_parent_path() ? target.parent_path() : fs::path("."));
}

}  // namespace sluice
